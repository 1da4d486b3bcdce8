package shared

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// ErrAbandoned is the cause with which a task is cancelled when nobody waits for
// it any more.
var ErrAbandoned = errors.New("shared: nobody waits for the result any more")

// Calls are the tasks of one function, at most one that may be joined for each
// key. [New] makes them.
//
// All methods may be called by any number of goroutines at the same time, the
// function among them.
type Calls[K comparable, V any] struct {
	fn    func(context.Context, K) (V, error)
	scope *scope.Scope
	vars  *ctxvar.Context // as they were when New was called

	mu   sync.Mutex
	open map[K]*call[V] // those that may be joined
}

// A call is a task, and how many wait for it.
type call[V any] struct {
	started sync.WaitGroup // until there is the task
	task    *task.Task[V]
	waiting int // guarded by the mu of the Calls
}

// New returns the Calls of fn, in the [task.Group], the [task.Run] or the task
// that ctx comes from, with the options of a [scope.Scope]. It panics with
// [task.ErrNilFunc] if fn is nil, and also if ctx is.
//
// A result is given to several callers, so they should not change what it
// points to.
func New[K comparable, V any](ctx context.Context, fn func(ctx context.Context, key K) (V, error), opts ...scope.Option) *Calls[K, V] {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	return &Calls[K, V]{
		fn:    fn,
		scope: scope.New(ctx, opts...),
		vars:  ctxvar.Copy(),
		open:  make(map[K]*call[V]),
	}
}

// Do returns what the function returns for key: of the task that runs for it, or
// of a new one if there is none. It waits until that has ended.
//
// How the task ends is what [task.Task.Await] says: the value and the error that
// the function returned, or a [*task.PanicError] and so on; the same for all who
// wait. If the scope around has ended or is being cancelled, the function is not
// run, and the error is what [task.Go] says then.
//
// If ctx ends first, Do returns a [*task.Error] that has ctx's error and cause.
// The task goes on for the others, and is cancelled if there are none.
func (c *Calls[K, V]) Do(ctx context.Context, key K) (V, error) {
	call := c.join(key)
	defer c.leave(key, call)
	call.started.Wait()
	return call.task.Await(ctx)
}

// Forget makes callers that come from now on get a new task for key. Those who
// wait for the one that runs get its result. It is for what has changed
// meanwhile, so that the result would be out of date.
func (c *Calls[K, V]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, key)
}

// Len returns how many tasks there are that may be joined.
func (c *Calls[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// join returns the call for key, with the caller counted among those who wait.
func (c *Calls[K, V]) join(key K) *call[V] {
	if one := c.find(key); one != nil {
		return one
	}
	name := fmt.Sprint(key) // not under the lock: key may have a String method
	one, found := c.add(key)
	if !found {
		c.start(one, key, name)
	}
	return one
}

// add is find, with a new call, whose task is to be started, if there is none.
func (c *Calls[K, V]) add(key K) (one *call[V], found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one = c.open[key]; one == nil {
		one = new(call[V])
		one.started.Add(1)
		// A key that does not equal itself, as a NaN, could never be found or
		// deleted. A task that was refused is no such case: the last to leave it
		// deletes it.
		if key == key { //nolint:gocritic,staticcheck
			c.open[key] = one
		}
	} else {
		found = true
	}
	one.waiting++
	return one, found
}

// find is join if there is a call for key, and returns nil if not.
func (c *Calls[K, V]) find(key K) *call[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[key]
	if one != nil {
		one.waiting++
	}
	return one
}

// start starts the task of one, for key. c.mu is not locked: if the task is refused,
// its callbacks, which may use c, are called here.
func (c *Calls[K, V]) start(one *call[V], key K, name string) {
	defer one.started.Done()
	one.task = scope.Go(c.scope, func(ctx context.Context) (V, error) {
		// Before those who wait are told, so that whoever has the result and
		// asks again gets a new one.
		defer c.close(key, one)
		return c.fn(ctx, key)
	}, task.Name(name), task.InContext(c.vars.Copy()))
}

// leave is called when a caller that joined one does not wait any more.
func (c *Calls[K, V]) leave(key K, one *call[V]) {
	c.mu.Lock()
	one.waiting--
	abandoned := one.waiting == 0
	if abandoned && c.open[key] == one {
		// Under the same lock: nobody joins what is about to be cancelled.
		delete(c.open, key)
	}
	c.mu.Unlock()
	if abandoned && one.task != nil { // it is nil if to start it panicked
		one.task.Cancel(ErrAbandoned) // nothing, if it has ended
	}
}

// close lets nobody join one any more.
func (c *Calls[K, V]) close(key K, one *call[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[key] == one {
		delete(c.open, key)
	}
}
