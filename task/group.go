package task

import (
	"context"
	"fmt"
	"reflect"
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
// cancelled, with a cause that wraps that error, and with it all children, and no
// more can be started. With [FailFast](false) only body's failure does that.
// Being cancelled is not a failure: a child that [Task.Cancel] ended does not
// count.
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

// abort cancels what is left and lets no more in, because of the failure of a
// child or, if name is "", of body.
func (g *group) abort(name string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scope().aborted = true
	g.cancelLocked(&siblingError{name, err}, false)
}

// siblingError is the cause with which a failure cancels a Group. It is a value
// of its own, and not the failure itself, so that a child that fails with the
// same error on its own account is told from one that returns the cause.
type siblingError struct {
	name string
	err  error
}

func (e *siblingError) Error() string {
	if e.name == "" {
		return "the group's body failed: " + e.err.Error()
	}
	return fmt.Sprintf("%q failed: %v", e.name, e.err)
}

func (e *siblingError) Unwrap() error { return e.err }

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
	for i, f := range e.failures {
		if len(e.failures) > 1 {
			if i == 0 {
				fmt.Fprintf(&b, ": %d errors", len(e.failures))
			}
			b.WriteString("\n\t")
		} else {
			b.WriteString(": ")
		}
		if f.name == "" {
			b.WriteString("body: ")
		} else {
			fmt.Fprintf(&b, "%q: ", f.name)
		}
		b.WriteString(strings.ReplaceAll(f.err.Error(), "\n", "\n\t"))
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
