package task

import (
	"context"
	"fmt"
	"reflect"
	"runtime/trace"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Group calls body, waits for all tasks that were started with its ctx, and
// returns every error. It mirrors asyncio.TaskGroup.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		task.Go(ctx, fetch)
//		task.Go(ctx, store)
//		return nil
//	})
//
// A task is the Group's child if it is started with body's ctx or one made from
// it with the standard library, by any goroutine, while the Group lasts. When
// Group returns, the children have ended, and so has all that they started,
// however body ended: children never outlive the Group.
//
// The first child to fail, or body's failure, cancels the Group: its ctx is
// cancelled, with an [*AbortError] that has that error as the cause, and with it
// all children, and no more can be started. With [FailFast](false) only body's
// failure does that. Being cancelled is not a failure: a child that
// [Task.Cancel] ended does not count.
//
// The error is a [*GroupError] that has the errors of body and of all children
// that failed, in the order in which they did. If there are none, but the Group
// was cancelled from outside, it is a [*CanceledError], or a [*TimeoutError] if
// that was by its own [Timeout]. What a child's own children end with is theirs
// to look at and not the Group's.
//
// body runs in the caller's goroutine and with the caller's variables. A panic
// in it is one of the errors, as a [*PanicError]. A [runtime.Goexit] in it goes
// on after the children have been cancelled and have ended.
func Group(ctx context.Context, body func(ctx context.Context) error, opts ...Option) error {
	if body == nil {
		panic(ErrNilFunc)
	}
	g := new(group)
	g.more = &extras{scope: &scope{group: g}, vars: ctxvar.Copy()}
	o := collect(opts)
	if err := g.open(ctx, o); err != nil {
		return err
	}
	if o != nil {
		g.tolerant = o.tolerant
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Group").End()
	}
	g.run(func(ctx context.Context) (struct{}, error) { return struct{}{}, body(ctx) })
	return g.err
}

// A group is the node of a Group.
type group struct {
	node
	tolerant bool
	failures []failure // guarded by mu
	err      error
}

type failure struct {
	name string
	err  error
}

func (g *group) run(body Func[struct{}]) {
	var e ending[struct{}]
	defer func() { g.conclude(tell(e.err)) }()
	e.run((*nodeCtx)(&g.node), body)
}

// conclude ends the Group after its body has ended.
func (g *group) conclude(how how, err error) {
	defer g.leave()
	if how != returned || err != nil {
		ctxErr, cause := g.cancellation()
		if how != returned || !isCancellation(err, ctxErr, cause) {
			g.record("", err)
			g.abort("", err)
		}
	}
	waiter := here()
	waiter.waitsFor(&g.node)
	defer waiter.waitsFor(nil)
	g.close()
	ctxErr, cause := g.cancellation()
	state := Succeeded
	switch {
	case len(g.failures) > 0:
		state, g.err = Failed, &GroupError{Group: g.more.label, failures: g.failures}
	case ctxErr == nil:
	case g.timedOut(cause):
		state, g.err = Failed, cause
	default:
		state, g.err = Canceled, &CanceledError{Task: g.name(), Cause: cause, Err: ctxErr}
	}
	g.settle(state, 0)
	if how == goexited {
		// Group does not return, so nobody will see the errors.
		for _, f := range g.failures {
			if f.name != "" {
				g.env.report(g.info(), f.err)
			}
		}
	}
}

// fail records the failure of a child.
func (g *group) fail(name string, err error) {
	g.record(name, err)
	if !g.tolerant {
		g.abort(name, err)
	}
}

// record notes an error, the one of body if name is "". What body passes on
// from a child that it awaited is noted already.
func (g *group) record(name string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if name == "" {
		for _, f := range g.failures {
			if reflect.ValueOf(err).Comparable() && f.err == err {
				return
			}
		}
	}
	g.failures = append(g.failures, failure{name, err})
}

// abort cancels what is left, because of the failure of a child or, if name is
// "", of body, and lets no more in.
func (g *group) abort(name string, err error) {
	if name == "" {
		name = "body"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scope().aborted = true
	g.cancelLocked(&AbortError{Group: g.name(), Task: name, Err: err}, false)
}

// AbortError is the cause with which a [Group] in which something failed cancels
// what is left. It is an error of its own, and not the failure itself, to tell a
// child that returns the cause from one that fails in the same way.
type AbortError struct {
	Group string // the name of the Group
	Task  string // the name of the child that failed, or "body"
	Err   error  // with what
}

// Error says what failed and how.
func (e *AbortError) Error() string {
	return fmt.Sprintf("task: group %q was aborted: %q failed: %v", e.Group, e.Task, e.Err)
}

// Unwrap returns Err.
func (e *AbortError) Unwrap() error { return e.Err }

// GroupError is the error of a [Group] in which something failed. It mirrors
// Python's ExceptionGroup.
type GroupError struct {
	Group    string // the name given with the Name option
	failures []failure
}

// Error has a line for each error, with the name of the task that it is of.
func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString("task: group")
	if e.Group != "" {
		fmt.Fprintf(&b, " %q", e.Group)
	}
	lead := ": "
	if len(e.failures) > 1 {
		fmt.Fprintf(&b, ": %d errors", len(e.failures))
		lead = "\n\t"
	}
	for _, f := range e.failures {
		b.WriteString(lead)
		text := strings.ReplaceAll(f.err.Error(), "\n", "\n\t")
		switch name := strconv.Quote(f.name); {
		case f.name == "":
			b.WriteString("body: ")
		case !strings.Contains(text, name): // many errors name their task themselves
			b.WriteString(name + ": ")
		}
		b.WriteString(text)
	}
	return b.String()
}

// Unwrap returns the errors, in the order in which they came.
func (e *GroupError) Unwrap() []error {
	errs := make([]error, len(e.failures))
	for i, f := range e.failures {
		errs[i] = f.err
	}
	return errs
}

// scopeError says which scope took no more.
type scopeError struct {
	scope string
	err   error
}

func (e *scopeError) Error() string {
	return fmt.Sprintf("cannot start a task in %q: %v", e.scope, e.err)
}
func (e *scopeError) Unwrap() error { return e.err }
