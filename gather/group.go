package gather

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/heirloom-go/heirloom/internal/unheard"
)

// A Group is a collection of functions that work on parts of the same task, each
// as if in a goroutine of its own. It is a drop-in for errgroup.Group, of
// golang.org/x/sync: a program that changes the import needs to change nothing
// else. Each function given to Go runs in a copy, of its own, of the variables
// that the caller of Go had at that moment.
//
// A zero Group is valid, has no limit on the number of active functions, and
// cancels nothing on error. A Group must not be copied after first use, and
// should not be reused for a different task.
//
// It differs from errgroup where a function does not return. One that panics
// does not crash the program: Wait returns a [*task.PanicError], as any other
// error. Where nothing cancels the functions that still run, as in a zero Group,
// and Wait may be long in coming, the panic is also logged at once, as an error
// that nobody looks at is (see [task.Unobserved]); and so is one that comes after
// the error that Wait returns. One that calls [runtime.Goexit] does not pass for
// a success: Wait returns [task.ErrGoexit].
//
// As everywhere in this package, a goroutine may run several functions one after
// the other, though never one that has to wait for another to end. So a function
// that locks its goroutine to an operating system thread must unlock it, and the
// "created by" of a traceback may name a goroutine of the Group in place of the
// one that called Go. Under the race detector each function of a Group without a
// limit does have a goroutine of its own, so that it finds every race among them.
type Group struct {
	jobs   *jobContext // nil in a zero Group
	policy groupPolicy
	crew

	// Guarded by crew.mu: as many errors as policy bears, in the order in which
	// they came.
	errs  Errors
	first error // as Wait returns it under FailFast
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
	return &g.Group, g.with(&g.own, ctx)
}

// with makes own, for a caller with ctx, the context of g.
func (g *Group) with(own *jobContext, ctx context.Context) context.Context {
	own.begin(ctx)
	g.jobs = own
	return own
}

// Go calls f in a goroutine other than the caller's. It blocks until f can be
// added without there being more active functions than the limit.
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
	// The go statements are here, where a traceback is to point.
	switch p, what := g.add(part{f: f}, true); what {
	case goAlone:
		go g.runAlone(p)
	case goWork:
		go g.work()
	}
}

// TryGo is Go if the number of active functions is below the limit, and does
// nothing otherwise. It reports whether f was started, and never blocks.
func (g *Group) TryGo(f func() error) bool {
	if f == nil {
		panic(nilFunc("Group.TryGo"))
	}
	p, what := g.add(part{f: f}, false)
	switch what {
	case goAlone:
		go g.runAlone(p)
	case goWork:
		go g.work()
	}
	return what != turnedAway
}

// SetLimit limits the number of active functions to n. A negative n is no limit,
// and with a limit of 0 no function can be added.
//
// SetLimit must not be called while functions of the group are active. It panics
// with a [*UsageError] if it can tell that some are: if there was a limit before,
// and n is one too.
func (g *Group) SetLimit(n int) {
	active, start := g.setLimit(n)
	if active > 0 {
		panic(&UsageError{
			Func:    "Group.SetLimit",
			Problem: fmt.Sprintf("modify limit while %d goroutines in the group are still active; set it before they start, or after Wait", active),
		})
	}
	if start {
		go g.work()
	}
}

// SetPolicy says what a failure does to the group, in place of [FailFast]. With
// [CollectAll], none cancels the group's context, and with [StopAfter](n) the
// n-th does. Wait then returns [Errors], whose indexes are those of the calls of
// Go and TryGo that started a function, in their order.
//
// SetPolicy must be called before the first call of Go. It panics with a
// [*UsageError] if that is not so, or the policy is unknown.
func (g *Group) SetPolicy(p Policy) {
	if p < FailFast {
		panic(unknownPolicy("Group.SetPolicy", p))
	}
	if g.total() > 0 {
		panic(&UsageError{Func: "Group.SetPolicy", Problem: "functions were given to the group already; set the policy before the first"})
	}
	g.policy = groupPolicy{p - FailFast}
}

// Wait blocks until all functions given to Go have ended, and returns the first
// error of one of them, as it is, or nil. See [Group.SetPolicy] for other errors.
func (g *Group) Wait() error {
	if g.jobs != nil {
		if leave := watch(g.jobs, groupView{g}); leave != nil {
			defer leave()
		}
	}
	g.running.Wait()
	g.mu.Lock()
	err := g.first
	if g.policy.policy() != FailFast && len(g.errs) > 0 {
		errs := slices.Clone(g.errs)
		slices.SortFunc(errs, func(a, b *JobError) int { return cmp.Compare(a.Index, b.Index) })
		err = errs
	}
	g.mu.Unlock()
	if g.jobs != nil {
		g.jobs.cancel(err)
	}
	return err
}

// fail notes that p failed with err, before p counts as ended.
func (g *Group) fail(p *part, err error) {
	policy := g.policy.policy()
	e := &JobError{Index: p.index, Err: err}
	if !g.bare(p) {
		err = e
	}
	g.mu.Lock()
	kept := !policy.enough(len(g.errs))
	if kept {
		g.errs = append(g.errs, e)
		if g.first == nil {
			g.first = err
		}
	}
	cancels := kept && policy.enough(len(g.errs)) && g.jobs != nil
	last := kept && g.given-g.gone() == 1
	g.mu.Unlock()
	switch {
	case cancels:
		g.jobs.cancel(err)
	case panicked(e) && !last:
		unheard.Report(g.ctx(), e)
	}
}

// bare reports whether g passes on the error of p as it is, as errgroup does.
func (g *Group) bare(p *part) bool { return p.of == nil && g.policy.policy() == FailFast }

// ctx returns the group's context, or one that says nothing.
func (g *Group) ctx() context.Context {
	if g.jobs != nil {
		return g.jobs
	}
	return context.Background()
}
