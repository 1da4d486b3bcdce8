package jobs

import "sync"

// An ended is how the task of a job ended.
type ended struct {
	*node
	result *Result // nil if the job never began
	err    error
}

// ends are the ends of jobs that loop has not handled yet. They are in a list and not
// in a channel, because OnDone adds them, and calls its function itself if the task has
// ended already: then loop would wait for itself.
type ends struct {
	mu   sync.Mutex
	list []ended
	some chan struct{} // has an element if list may not be empty
}

func (e *ends) add(one ended) {
	e.mu.Lock()
	e.list = append(e.list, one)
	e.mu.Unlock()
	select {
	case e.some <- struct{}{}:
	default: // it has an element already
	}
}

func (e *ends) take() []ended {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list = nil
	return list
}
