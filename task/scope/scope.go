package scope

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
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

	live task.Members

	mu   sync.Mutex
	open int           // tasks of which OnEnd has not returned
	left chan struct{} // closed when the next one has; nil if nobody waits for that
}

// An Option configures a [Scope].
type Option func(*Scope)

// OnEnd registers f to be called with each task of the Scope as soon as it has
// ended, in whatever way. If there are several options of this kind, all
// functions are called in order, even if one of them panics.
//
// f is called like a callback of [task.Task.OnDone]: by the goroutine of the
// task, or by that of Go, before it returns, if the task is refused, and with a
// copy of the variables that the task had at its end. So it should return soon,
// and must not wait for the Scope. The scope around does not end before f has
// returned. f may be called by several goroutines at the same time. If it panics,
// that is reported like an error that nobody looked at; see [task.Unobserved].
//
// OnEnd panics with a [*ctxvar.UsageError] if f is nil.
func OnEnd(f func(t task.Handle)) Option {
	checkHook("OnEnd", f == nil)
	return func(s *Scope) { s.onEnd = append(s.onEnd, f) }
}

// OnFailure is [OnEnd] for the tasks that failed, panicked or called
// [runtime.Goexit]. f also gets the error, which then counts as looked at, and
// is no longer reported by [task.Unobserved], unless f does not return.
// Cancellation is not a failure.
//
// OnFailure panics with a [*ctxvar.UsageError] if f is nil.
func OnFailure(f func(t task.Handle, err error)) Option {
	checkHook("OnFailure", f == nil)
	return func(s *Scope) {
		s.onEnd = append(s.onEnd, func(t task.Handle) {
			switch t.State() {
			case task.Succeeded, task.Canceled:
			default:
				s.fail(t, f)
			}
		})
	}
}

// fail calls f with the failure of t. If f does not return, the failure is reported.
func (s *Scope) fail(t task.Handle, f func(t task.Handle, err error)) {
	err := t.Err()
	heard := false
	defer func() {
		if !heard {
			task.Report(s.ctx, verdict.Errorf("scope: %q failed: %w", t.Name(), err))
		}
	}()
	f(t, err)
	heard = true
}

func checkHook(caller string, isNil bool) {
	if isNil {
		panic(&ctxvar.UsageError{Func: "scope." + caller, Problem: "nil function; pass one that is to be called with the tasks"})
	}
}

// New returns a Scope in the [task.Group], the [task.Run] or the task that ctx
// comes from. That does not end before the tasks of the Scope have, and the
// tasks are cancelled if ctx is. If ctx comes from none of these, nothing waits
// for the tasks unless [Scope.Wait] is called.
//
// New panics with a [*ctxvar.UsageError] if ctx or one of opts is nil.
func New(ctx context.Context, opts ...Option) *Scope {
	if ctx == nil {
		panic(&ctxvar.UsageError{Func: "scope.New", Problem: "nil ctx; pass that of a task or a Group", Err: task.ErrNilContext})
	}
	s := &Scope{ctx: ctx}
	s.live.OnEnd = s.leave
	s.opts = []task.Option{
		task.FailFast(false), // a failure does not concern the surrounding Group
		task.MemberOf(&s.live),
	}
	for _, o := range opts {
		if o == nil {
			panic(&ctxvar.UsageError{Func: "scope.Option", Problem: "nil Option; leave it out"})
		}
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
	s.mu.Lock()
	s.open++ // before it can end
	s.mu.Unlock()
	started := false
	defer func() {
		if !started { // fn or an option is nil, for example
			s.forget()
		}
	}()
	t := task.Go(s.ctx, fn, opts...)
	started = true
	return t
}

// leave is called once t has ended, whether it was run or refused.
func (s *Scope) leave(t task.Handle) {
	defer s.forget()
	if len(s.onEnd) == 1 { // cheaper than callEach, which keeps all panics
		s.onEnd[0](t)
		return
	}
	callEach(s.onEnd, t, nil)
}

// callEach calls each of fs in order, even if an earlier one panics or calls Goexit. At
// its end it panics with panics and with the panics of fs.
func callEach(fs []func(task.Handle), t task.Handle, panics []error) {
	switch {
	case len(fs) > 0:
		task.Func[struct{}](func(context.Context) (struct{}, error) {
			fs[0](t)
			return struct{}{}, nil
		}).Call(context.Background(), func(_ struct{}, err error) {
			if err != nil && err != task.ErrGoexit { // that goes on by itself
				panics = append(panics, err)
			}
			callEach(fs[1:], t, panics)
		})
	case len(panics) == 1:
		panic(panics[0])
	case len(panics) > 1:
		panic(errors.Join(panics...))
	}
}

func (s *Scope) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
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

// Tasks iterates over the live tasks of s, the oldest first: those that are live when
// the loop begins, without those that end before it reaches them. Use it to cancel
// some, by their name for example. Leaving the loop early makes it cost less.
func (s *Scope) Tasks() iter.Seq[task.Handle] { return s.live.Tasks() }

// Members returns the list of the live tasks of s, for [task.CompletedBy] and
// [task.Members.Until]. It is the same list each time.
func (s *Scope) Members() *task.Members { return &s.live }

// Wait waits until s has no tasks, and [OnEnd] has returned for each, including
// tasks that are started meanwhile. Wait does not count as looking at their
// errors, and cancels nothing.
//
// If ctx ends first, Wait returns an error that wraps ctx's error and cause, as
// [task.Wait] does. A task of s that calls Wait would wait for itself, and gets
// [task.ErrDeadlock], in a [*task.Error], at once.
func (s *Scope) Wait(ctx context.Context) error {
	if ctx == nil {
		panic(task.ErrNilContext)
	}
	if me := task.Current(); me != nil && s.Has(me) {
		return &task.Error{Op: "await", Task: me.Name(), Err: task.ErrDeadlock}
	}
	for {
		// This goes through package task, which knows which tasks wait for which.
		if running := slices.Collect(s.Tasks()); len(running) > 0 {
			if _, _, err := task.Wait(ctx, task.AllCompleted, running...); err != nil {
				return err
			}
			continue
		}
		left := s.leaving()
		if left == nil {
			return nil
		}
		var e *task.Error
		if err := s.live.Until(ctx, left); errors.As(err, &e) {
			return &task.Error{Op: "await", Task: "scope", Err: e.Err}
		}
	}
}

// leaving returns a channel that is closed when OnEnd has returned for the next task,
// or nil if there is no task to wait for.
func (s *Scope) leaving() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == 0 {
		return nil
	}
	if s.left == nil {
		s.left = make(chan struct{})
	}
	return s.left
}

// Has reports whether t is a task of s that is live.
func (s *Scope) Has(t task.Handle) bool { return s.live.Has(t) }

// Len returns the number of live tasks of s.
func (s *Scope) Len() int { return s.live.Len() }
