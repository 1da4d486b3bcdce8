package jobs

import "sync"

// A speech is what a run has said, so that it does not repeat itself.
type speech struct {
	mu   sync.Mutex
	say  func(string) // nil if nobody listens
	said map[string]bool
}

// once says the text, unless something of that kind has been said.
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
