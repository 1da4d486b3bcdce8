package gather

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/heirloom-go/heirloom/internal/inflight"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A Group is a collection of functions that work on parts of the same task,
// each as if in a goroutine of its own. It is a drop-in replacement for
// errgroup.Group of golang.org/x/sync: a program only has to change the import.
// Each function given to Go runs with a copy of the variables that the caller
// of Go has at that moment.
//
// A zero Group is valid, has no limit on the number of active functions, and
// does not cancel on error. A Group must not be copied after first use, and
// should not be reused for a different task.
//
// A Group differs from errgroup's if a function does not return. A function
// that panics does not crash the program: Wait returns a [*task.PanicError],
// like any other error. In a zero Group, nothing cancels the functions that
// still run, and it may take long until Wait returns; so the panic is also
// logged at once, in the same way as an error that nobody looks at (see
// [task.Unobserved]). So is a panic that comes after the error that Wait
// returns. A function that calls [runtime.Goexit] does not count as a success:
// Wait returns [task.ErrGoexit].
//
// As everywhere in this package, a goroutine may run several functions one
// after the other, but never a function that has to wait for another one to
// end. So a function that locks its goroutine to an operating system thread
// must unlock it, and the "created by" line of a traceback may name a goroutine
// of the Group instead of the one that called Go. Under the race detector, each
// function of a Group without a limit has a goroutine of its own, so the
// detector finds every race among them.
type Group struct {
	jobs   *jobContext // nil in a zero Group
	policy groupPolicy
	crew

	// Guarded by crew.mu: as many errors as the policy allows, in the order in
	// which they came.
	errs Errors
}

// A groupPolicy is a [Policy] whose zero value is [FailFast].
type groupPolicy struct{ overFailFast Policy }

func (p groupPolicy) policy() Policy { return p.overFailFast + FailFast }

// WithContext returns a new Group and a context derived from ctx.
//
// The context is cancelled the first time a function given to Go fails, with
// the failure as its cause, or the first time Wait returns, whichever comes
// first.
func WithContext(ctx context.Context) (*Group, context.Context) {
	g := new(struct { // in one allocation
		Group
		own jobContext
	})
	return &g.Group, g.with(&g.own, safe("WithContext", ctx))
}

// with makes own the context of g, for a caller with ctx, which [safe] returned.
func (g *Group) with(own *jobContext, ctx context.Context) context.Context {
	own.begin(ctx)
	g.jobs = own
	g.caller = own.carried.Maker() // which has begun
	return own
}

// Go calls f in another goroutine. It blocks until f can be added without the
// number of active functions exceeding the limit.
//
// The first call to Go must happen before a Wait. The first function to fail
// cancels the group's context, if it has one, and its error is what Wait
// returns, unless [Group.SetPolicy] says otherwise.
//
// Go panics with a [*UsageError] if f is nil.
func (g *Group) Go(f func() error) {
	if f == nil {
		panic(nilFunc("Group.Go"))
	}
	// The go statements are here so that tracebacks point to this method.
	switch h, what := g.add(f, nil, true); what {
	case goAlone:
		go g.runAlone(h)
	case goWork:
		go g.work()
	}
}

// TryGo calls f like Go if the number of active functions is below the limit,
// and otherwise does nothing. It reports whether f was started, and never
// blocks.
func (g *Group) TryGo(f func() error) bool {
	if f == nil {
		panic(nilFunc("Group.TryGo"))
	}
	h, what := g.add(f, nil, false)
	switch what {
	case goAlone:
		go g.runAlone(h)
	case goWork:
		go g.work()
	}
	return what != turnedAway
}

// SetLimit limits the number of active functions to n. A negative n means no
// limit; with a limit of 0, no function can be added.
//
// SetLimit must not be called while functions of the group are active. It
// panics with a [*UsageError] if it can detect that, which is if there is a
// limit and n is a limit too. Otherwise the active functions count.
func (g *Group) SetLimit(n int) {
	active, start := g.setLimit(n)
	if active > 0 {
		panic(&UsageError{
			Func:    "gather.Group.SetLimit",
			Problem: fmt.Sprintf("modify limit while %d goroutines in the group are still active; set it before they start, or after Wait", active),
		})
	}
	if start {
		go g.work()
	}
}

// SetPolicy sets how a failure affects the group; the default is [FailFast].
// With [CollectAll], no failure cancels the group's context, and with
// [StopAfter](n) the n-th failure does. Wait then returns [Errors], whose
// indexes are those of the calls of Go and TryGo that started a function, in
// order.
//
// SetPolicy must be called before the first call of Go. It panics with a
// [*UsageError] if it is not, or if the policy is unknown.
func (g *Group) SetPolicy(p Policy) {
	if p < FailFast {
		panic(unknownPolicy("Group.SetPolicy", p))
	}
	if g.total() > 0 {
		panic(&UsageError{Func: "gather.Group.SetPolicy", Problem: "functions were given to the group already; set the policy before the first"})
	}
	g.policy = groupPolicy{p - FailFast}
}

// Wait blocks until all functions given to Go have ended, and returns the first
// error, unwrapped, or nil. The error of a function that only gave up because the
// caller cancelled is returned if there is no other. [Group.SetPolicy] describes the
// errors under other policies.
func (g *Group) Wait() error {
	if g.jobs != nil {
		if call := g.watch(); call != nil {
			defer call.Host.Leave(call)
		}
	}
	g.running.Wait()
	err := g.error()
	if g.jobs != nil {
		g.jobs.cancel(err)
	}
	return err
}

// watch shows g as a call that waits. If a method of the caller's ctx panics, the panic
// goes on once the functions have been cancelled and have ended. Their failure is then
// reported, unless it is only a result of that cancellation.
func (g *Group) watch() *inflight.Call {
	returned := false
	defer func() {
		if !returned {
			early := g.error() != nil
			g.jobs.cancel(nil)
			g.running.Wait()
			if err := g.error(); early || verdict.Has(err, isPanic) {
				task.Report(g.jobs.Context, err)
			}
		}
	}()
	call := watch(g.jobs, groupView{g}, &g.jobs.carried, false)
	returned = true
	return call
}

// error returns the error for Wait.
func (g *Group) error() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case len(g.errs) == 0:
		return nil
	case g.bare():
		return g.errs[0].Err
	case g.policy.policy() == FailFast:
		return g.errs[0]
	}
	errs := slices.Clone(g.errs)
	slices.SortFunc(errs, func(a, b *JobError) int { return cmp.Compare(a.Index, b.Index) })
	return errs
}

// fail records that the function h failed with err, before it counts as ended.
func (g *Group) fail(h *hand, err error) {
	h.failed = true
	policy := g.policy.policy()
	e := &JobError{Index: h.index, Err: err}
	if !g.bare() {
		err = e
	}
	g.mu.Lock()
	if g.gaveUp && !h.gaveUp {
		g.errs = nil
	}
	kept := !policy.enough(len(g.errs))
	if kept {
		g.errs, g.gaveUp = append(g.errs, e), h.gaveUp
	}
	cancels := kept && policy.enough(len(g.errs)) && g.jobs != nil
	last := kept && g.unended() == 1
	g.mu.Unlock()
	switch {
	case cancels:
		g.jobs.cancel(err)
	case last: // Wait returns it at once
	case isPanic(e.Err), !kept && panicked(g.jobs, e):
		task.Report(g.ctx(), e)
	}
}

// bare reports whether g returns errors unwrapped, as errgroup does.
func (g *Group) bare() bool { return !g.indexed && g.policy.policy() == FailFast }

// ctx returns the group's context, or an empty one if it has none.
func (g *Group) ctx() context.Context {
	if g.jobs != nil {
		return g.jobs
	}
	return context.Background()
}
