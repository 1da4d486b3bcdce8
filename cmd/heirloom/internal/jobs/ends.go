package jobs

import "sync"

// An ended is how the task of a job ended.
type ended struct {
	*node
	result *Result // nil if the job never began
	err    error
}

// ends are those that loop has not heard of yet. They are no channel, because they
// are added by OnDone, which makes the call itself if the task has ended already:
// loop would wait for itself.
type ends struct {
	mu   sync.Mutex
	list []ended
	some chan struct{} // has an element if list may have one
}

func (e *ends) add(one ended) {
	e.mu.Lock()
	e.list = append(e.list, one)
	e.mu.Unlock()
	select {
	case e.some <- struct{}{}:
	default: // it has been told already
	}
}

func (e *ends) take() []ended {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list = nil
	return list
}
