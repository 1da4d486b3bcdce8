package scope

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/members"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A Scope is for starting tasks that outlive the function that starts them.
// [New] makes one. It mirrors Tokio's TaskTracker, and a CoroutineScope with a
// SupervisorJob of Kotlin.
//
// Any number of goroutines may call its methods at the same time. A Scope is
// only a list of the live tasks: it has no goroutine and no context of its own.
type Scope struct {
	ctx   context.Context
	onEnd []func(task.Handle)
	opts  []task.Option // of its tasks

	mu   sync.Mutex
	live map[task.Handle]struct{}
	left chan struct{} // closed when the next task leaves; nil if nobody waits for that
}

// An Option configures a [Scope].
type Option func(*Scope)

// OnEnd registers f to be called with each task of the Scope as soon as it has
// ended, in whatever way. If there are several options of this kind, all
// functions are called in order, even if one of them panics.
//
// f is called like a callback of [task.Task.OnDone]: by the goroutine of the
// task, or by that of Go if the task ends, or is refused, before Go returns,
// and with a copy of the variables that the task had at its end. So it should
// return soon, and must not wait for the Scope. The scope around does not end
// before f has returned. f may be called by several goroutines at the same
// time. If it panics, that is reported like an error that nobody looked at; see
// [task.Unobserved].
func OnEnd(f func(t task.Handle)) Option {
	return func(s *Scope) { s.onEnd = append(s.onEnd, f) }
}

// OnFailure is [OnEnd] for the tasks that failed, panicked or called
// [runtime.Goexit]. f also gets the error, which then counts as looked at, and
// is no longer reported by [task.Unobserved]. Cancellation is not a failure.
func OnFailure(f func(t task.Handle, err error)) Option {
	return OnEnd(func(t task.Handle) {
		switch t.State() {
		case task.Succeeded, task.Canceled:
		default:
			f(t, t.Err())
		}
	})
}

// New returns a Scope in the [task.Group], the [task.Run] or the task that ctx
// comes from. That does not end before the tasks of the Scope have, and the
// tasks are cancelled if ctx is. If ctx comes from none of these, nothing waits
// for the tasks unless [Scope.Wait] is called.
//
// New panics if ctx is nil.
func New(ctx context.Context, opts ...Option) *Scope {
	if ctx == nil {
		panic("scope: nil ctx; pass that of a task or a Group")
	}
	s := &Scope{ctx: ctx, live: make(map[task.Handle]struct{})}
	s.opts = []task.Option{
		task.FailFast(false), // a failure does not concern the surrounding Group
		// This happens before the task can do anything, because the task
		// may ask whether it is in s.
		members.Started(func(t any) { s.join(t.(task.Handle)) }).(task.Option),
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Go starts fn as a task of s and returns its handle at once, as [task.Go]
// does. If the scope around s accepts no more tasks, because it has ended or is
// being cancelled, fn is not run and the task ends as task.Go describes.
//
// Go panics with [task.ErrNilFunc] if fn is nil.
func Go[T any](s *Scope, fn task.Func[T], opts ...task.Option) *task.Task[T] {
	if len(opts) == 0 {
		opts = s.opts
	} else {
		opts = append(slices.Clip(opts), s.opts...)
	}
	t := task.Go(s.ctx, fn, opts...)
	// OnDone calls the function once, whether fn was run or the task was
	// refused. If the task has already ended, it does so here and now.
	t.OnDone(func(t *task.Task[T]) { s.leave(t) })
	return t
}

func (s *Scope) join(t task.Handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[t] = struct{}{}
}

// leave is called when t has ended.
func (s *Scope) leave(t task.Handle) {
	// These calls are deferred, in reverse order, so that each is made even if
	// an earlier one panics or calls Goexit.
	defer s.forget(t)
	for _, f := range slices.Backward(s.onEnd) {
		defer f(t)
	}
}

func (s *Scope) forget(t task.Handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, t)
	if s.left != nil {
		close(s.left)
		s.left = nil
	}
}

// Cancel cancels the live tasks of s, with cause as [context.Cause], and does
// not wait for them. Tasks that are started afterwards are not affected. It
// mirrors the abort_all of Tokio's sets of tasks.
func (s *Scope) Cancel(cause error) {
	for t := range s.Tasks() {
		t.Cancel(cause)
	}
}

// Tasks iterates over the live tasks of s, in no particular order: those that
// are live when the loop begins, as far as they still are. Use a loop to cancel
// some of them, for example by name.
func (s *Scope) Tasks() iter.Seq[task.Handle] {
	return func(yield func(task.Handle) bool) {
		// This is done in two steps, so that inspecting a few of many tasks
		// costs little.
		var came [members.Few]task.Handle
		few := s.some(came[:0], nil)
		rest := len(few) == len(came)
		for _, t := range few {
			if !yield(t) {
				return
			}
		}
		if !rest {
			return
		}
		for _, t := range s.some(nil, few) {
			if !yield(t) {
				return
			}
		}
	}
}

// some appends to list live tasks that are not in but, as many as fit into its
// capacity, or all if there is no list.
func (s *Scope) some(list, but []task.Handle) []task.Handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := cap(list)
	if list == nil {
		most = len(s.live)
		list = make([]task.Handle, 0, most)
	}
	for t := range s.live {
		if len(list) == most {
			break
		}
		if !slices.Contains(but, t) {
			list = append(list, t)
		}
	}
	return list
}

// Wait waits until s has no tasks, and [OnEnd] has returned for each, including
// tasks that are started meanwhile. Wait does not count as looking at their
// errors, and cancels nothing.
//
// If ctx ends first, Wait returns an error that wraps ctx's error and cause, as
// [task.Wait] does. A task of s that calls Wait would wait for itself, and gets
// [task.ErrDeadlock], in a [*task.Error], at once.
func (s *Scope) Wait(ctx context.Context) error {
	if me := task.Current(); me != nil && s.Has(me) {
		return &task.Error{Op: "await", Task: me.Name(), Err: task.ErrDeadlock}
	}
	for {
		running, left := s.look()
		switch {
		case left == nil:
			return nil
		case len(running) > 0:
			// This goes through package task, which knows which tasks wait for
			// which.
			if _, _, err := task.Wait(ctx, task.AllCompleted, running...); err != nil {
				return err
			}
		default:
			// All tasks have ended, and some of their goroutines are in leave.
			select {
			case <-left:
			case <-ctx.Done():
				return &task.Error{Op: "await", Task: "scope", Err: verdict.Interrupted(ctx)}
			}
		}
	}
}

// look returns the tasks that have not ended, and a channel that is closed when
// the next one leaves, or nil if there is none.
func (s *Scope) look() (running []task.Handle, left <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live) == 0 {
		return nil, nil
	}
	for t := range s.live {
		if !t.State().Final() {
			running = append(running, t)
		}
	}
	if s.left == nil {
		s.left = make(chan struct{})
	}
	return running, s.left
}

// Has reports whether t is a task of s that is live.
func (s *Scope) Has(t task.Handle) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.live[t]
	return ok
}

// Len returns the number of live tasks of s.
func (s *Scope) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}
