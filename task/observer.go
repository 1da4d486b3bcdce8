package task

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Finished describes a task that has ended.
type Finished struct {
	Info
	Ended time.Time `json:"ended"`
	Error string    `json:"error,omitempty"`
}

// OnFinished registers f to be called for each task of the program that ends
// from now on, until stop is called. It is meant for observers, such as a live
// view; to wait for a task, use its own methods.
//
// f is called in the task's goroutine, before those that wait for the task are
// woken, so it should return soon and must not wait for tasks. It may be called
// by many goroutines at the same time, and for a short while after stop. It is
// not called for Groups, nor for tasks that were not accepted by their scope. If
// no observer is registered, a task pays only for reading one variable.
//
// OnFinished panics with [ErrNilFunc] if f is nil.
func OnFinished(f func(Finished)) (stop func()) {
	if f == nil {
		panic(ErrNilFunc)
	}
	o := &observer{f}
	observers.add(o)
	return func() { observers.remove(o) }
}

type observer struct{ finished func(Finished) }

// observers holds the registered observers. list does not change; mu is held
// while another list takes its place.
var observers observerList

type observerList struct {
	list atomic.Pointer[[]*observer] // nil for none
	mu   sync.Mutex
}

func (l *observerList) add(o *observer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []*observer{o}
	if old := l.list.Load(); old != nil {
		list = append(list, *old...)
	}
	l.list.Store(&list)
}

func (l *observerList) remove(o *observer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.list.Load()
	if old == nil {
		return
	}
	list := slices.DeleteFunc(slices.Clone(*old), func(x *observer) bool { return x == o })
	if len(list) == 0 {
		l.list.Store(nil)
	} else {
		l.list.Store(&list)
	}
}

// notify calls the observers when n, a task, ends in the given state.
func (l *observerList) notify(n *node, state State, err error) {
	list := l.list.Load()
	if list == nil { // the last one has left since
		return
	}
	f := Finished{Info: n.info().as(state), Ended: time.Now()}
	if p := n.in(); p != nil {
		f.Parent = p.id
	}
	// A panic or a Goexit of one of them, or of the Error method of err, must
	// neither keep the others from being called nor n from ending.
	for _, o := range *list {
		defer n.callback(func() { o.finished(f) })
	}
	if err != nil {
		f.Error = text(err)
	}
}
