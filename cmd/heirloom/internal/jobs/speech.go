package jobs

import "sync"

// A speech holds the kinds of messages that a run has printed, so that it does not
// repeat them.
type speech struct {
	mu   sync.Mutex
	say  func(string) // nil to print nothing
	said map[string]bool
}

// once prints the text, unless a message of that kind has been printed.
func (s *speech) once(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.say == nil || s.said[kind] {
		return
	}
	if s.said == nil {
		s.said = map[string]bool{}
	}
	s.said[kind] = true
	s.say(text)
}
