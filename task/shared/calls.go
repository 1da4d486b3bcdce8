package shared

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// ErrAbandoned is the cause with which a task is cancelled when no caller waits
// for it any longer.
var ErrAbandoned = errors.New("shared: nobody waits for the result any more")

// Calls holds the tasks of one function, with at most one task that can be
// joined for each key. [New] makes one.
//
// Any number of goroutines, including the function itself, may call its methods
// at the same time.
type Calls[K comparable, V any] struct {
	fn    func(context.Context, K) (V, error)
	scope *scope.Scope
	vars  *ctxvar.Context // as they were when New was called

	mu       sync.Mutex
	open     map[K]*call[V] // the calls that may be joined
	starting []*call[V]     // the calls whose tasks are being started
}

// A call is a task together with the number of callers that wait for it.
type call[V any] struct {
	vars *ctxvar.Context // of the task; they identify it until task is set

	// Guarded by the mu of the Calls.
	task    *task.Task[V] // nil until there is one, and if to start it panics
	begun   bool          // it is not being started any more
	started chan struct{} // closed then; nil unless somebody waits for that
	waiting int
}

// New returns the Calls of fn, in the [task.Group], the [task.Run] or the task
// that ctx comes from, with the options of a [scope.Scope]. It panics with
// [task.ErrNilFunc] if fn is nil, and also if ctx is nil.
//
// Several callers may get the same result, so they should not change what it
// points to.
func New[K comparable, V any](ctx context.Context, fn func(ctx context.Context, key K) (V, error), opts ...scope.Option) *Calls[K, V] {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	c := &Calls[K, V]{
		fn:   fn,
		vars: ctxvar.Copy(),
		open: make(map[K]*call[V]),
	}
	c.scope = scope.New(ctx, append([]scope.Option{
		scope.OnEnd(func(t task.Handle) { c.claim(t.(*task.Task[V])) }),
	}, opts...)...)
	return c
}

// Do returns the results of the function for key, from the running task for
// that key or, if there is none, from a new one. It waits until that task has
// ended.
//
// The results are those of [task.Task.Await], and the same for all callers that
// wait: the value and the error that the function returned, a
// [*task.PanicError], and so on. If the scope around the Calls has ended or is
// being cancelled, the function is not run, and the error is that of [task.Go]
// in this case.
//
// If ctx ends first, Do returns a [*task.Error] that wraps ctx's error and
// cause. The task goes on for the other callers, and is cancelled if there are
// none.
func (c *Calls[K, V]) Do(ctx context.Context, key K) (V, error) {
	if ctx == nil {
		panic(task.ErrNilContext) // before a task is started
	}
	for {
		if v, over, err := c.await(ctx, key, c.join(key)); over {
			return v, err
		}
	}
}

// await waits for the task of one, which the caller has joined, and returns its results.
// It reports false if there is no task, because to start it has panicked in another
// caller.
func (c *Calls[K, V]) await(ctx context.Context, key K, one *call[V]) (v V, over bool, err error) {
	defer c.leave(key, one)
	c.mu.Lock()
	t, begun := one.task, one.begun
	if !begun && one.started == nil {
		one.started = make(chan struct{})
	}
	started := one.started
	c.mu.Unlock()
	if !begun {
		if !opened(ctx, started) {
			return v, true, &task.Error{Op: "await", Task: fmt.Sprint(key), Err: verdict.Interrupted(ctx)}
		}
		t = one.task // which stays the same once begun
	}
	if t == nil {
		return v, false, nil
	}
	v, err = t.Await(ctx)
	return v, true, err
}

// opened waits until started is closed or ctx is done, and reports whether started is
// closed: the task may have ended by then, and its result counts even if ctx has ended too.
func opened(ctx context.Context, started <-chan struct{}) bool {
	select {
	case <-started:
		return true
	case <-ctx.Done():
	}
	select {
	case <-started:
		return true
	default:
		return false
	}
}

// Forget makes later callers get a new task for key. Callers that already wait
// get the result of the running task. Use it if something has changed
// meanwhile, so that the result would be out of date.
func (c *Calls[K, V]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, key)
}

// Len returns the number of tasks that can be joined.
func (c *Calls[K, V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// join returns the call for key, and counts the caller as waiting for it.
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

// add returns what find does or, if that is nil, a new call, whose task is to be started.
func (c *Calls[K, V]) add(key K) (one *call[V], found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one = c.open[key]; one == nil {
		one = &call[V]{vars: c.vars.Copy()}
		c.starting = append(c.starting, one)
		// A key that does not equal itself, such as a NaN, could never be found or
		// deleted. A refused task does not need this: the last caller that leaves
		// its call deletes the key.
		if key == key { //nolint:gocritic,staticcheck
			c.open[key] = one
		}
	} else {
		found = true
	}
	one.waiting++
	return one, found
}

// find does what join does if there is a call for key, and returns nil if not.
func (c *Calls[K, V]) find(key K) *call[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[key]
	if one != nil {
		one.waiting++
	}
	return one
}

// start starts the task of the call one, for key. c.mu is not locked: if the task is
// refused, its callbacks, which may use c, are called here.
func (c *Calls[K, V]) start(one *call[V], key K, name string) {
	var t *task.Task[V] // nil if starting it panics
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.Index(c.starting, one)
		c.starting = slices.Delete(c.starting, i, i+1)
		if t == nil && c.open[key] == one {
			delete(c.open, key) // those who have joined it try again
		}
		one.begin(t)
	}()
	t = scope.Go(c.scope, func(ctx context.Context) (V, error) {
		// This comes before waiting callers are woken, so that a caller that
		// has the result and asks again gets a new task.
		defer c.close(key, one)
		return c.fn(ctx, key)
	}, task.Name(name), task.InContext(one.vars))
}

// claim is called when t has ended. If it is still being started, because it was refused
// or was quick, a later callback may join the call, and must find t there.
func (c *Calls[K, V]) claim(t *task.Task[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.starting {
		if one.vars == t.Context() {
			one.begin(t)
			return
		}
	}
}

// begin records that t is the task of one, unless it has one; the mu of the Calls is
// locked.
func (one *call[V]) begin(t *task.Task[V]) {
	if !one.begun {
		one.begun, one.task = true, t
		if one.started != nil {
			close(one.started)
		}
	}
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
	t := one.task // nil if starting it panicked
	c.mu.Unlock()
	if abandoned && t != nil {
		t.Cancel(ErrAbandoned) // does nothing if it has ended
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
