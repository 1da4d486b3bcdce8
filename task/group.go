package task

import (
	"cmp"
	"context"
	"runtime/trace"
	"slices"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/verdict"
)

// Group calls body, waits for all tasks that were started with its ctx, and
// returns all their errors. It mirrors asyncio.TaskGroup.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		task.Go(ctx, fetch)
//		task.Go(ctx, store)
//		return nil
//	})
//
// A task is a child of the Group if it is started, by any goroutine and while
// the Group lasts, with body's ctx or with a context derived from it by the
// standard library. When Group returns, all children and all tasks started by
// them have ended, however body ended: children never outlive the Group.
//
// The first failure of a child, or a failure of body, cancels the Group: its
// ctx is cancelled, with an [*AbortError] that wraps that failure as the cause,
// and so are all children. After that, no more tasks can be started in the
// Group, by its children either. Cancellation is not a failure: a child that
// [Task.Cancel] ended does not cancel the Group. A child that is protected from
// the cancellation, by [Shielded] or [context.WithoutCancel], is waited for.
//
// Group returns a [*GroupError] with the errors of body and of all children
// that failed, in the order in which they failed. If nothing failed, but the
// Group was cancelled from outside or by [CancelScope], it returns a
// [*CanceledError], or a [*TimeoutError] if its own [Timeout] or [SetTimeout]
// cancelled it. The errors of tasks that a child starts with its own ctx are
// for the child to look at, and are not the Group's.
//
// With [FailFast](false), the Group is a supervisor: only a failure of body
// cancels it. If somebody looks at the error of a child, the Group forgets that
// error. If nobody does, the error is reported at once; see [Unobserved]. So
// that each error is reported only once, the Group's error has only the number
// of the errors reported earlier, and contains those that came too late to be
// reported.
//
// With [Limit], the Group runs a limited number of its tasks at once and queues
// the others.
//
// body runs in the caller's goroutine and with the caller's variables. A panic
// in body is one of the Group's errors, as a [*PanicError]. A [runtime.Goexit]
// in body continues after the children have been cancelled and have ended.
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
	handed   *nodeCtx // body's ctx
	tolerant bool     // FailFast(false)
	err      error

	// Guarded by mu.
	failures []failure
	seen     int         // of a tolerant Group: how many of them somebody looked at
	omitted  int         // failures that were reported, and that nobody has looked at since
	alarm    *time.Timer // calls report; nil if no failure is to be reported
	alarmAt  time.Time   // when it fires

	reporting sync.Mutex // held by report all the time; taken before mu
}

type failure struct {
	name string
	err  error
	due  *report   // of a child
	at   time.Time // when a supervisor is to report it
}

const (
	// patience is how long a supervisor waits before it reports an error, so that a
	// caller that is about to look at the error, for example by calling Go and
	// then Await, can do so.
	patience = 50 * time.Millisecond

	// patienceAwaited is the same for a task that somebody waits for, because the
	// waiting goroutine may be held up before it looks.
	patienceAwaited = time.Second
)

func (g *group) run(body Func[struct{}]) {
	var e ending[struct{}]
	defer func() { g.end(howEnded(e.err)) }()
	g.handed = g.hand()
	e.run(g.handed, body)
}

// end ends the Group after its body has ended.
func (g *group) end(how how, err error) {
	defer g.leave()
	exited := true   // in a method of err
	var answer error // what body returned because it was cancelled
	defer func() {
		if exited {
			how, err = goexited, verdict.Beside(err, ErrGoexit)
			g.fail(failure{err: err})
		}
		g.closeAndSettle(how, answer)
	}()
	if how != returned || err != nil {
		// The state of the Group also depends on the children's errors: see closeAndSettle.
		before := err
		if state, err := g.judge(how, err); state != Canceled && !isLimit(err, before) {
			if how == goexited {
				err = ErrGoexit
			}
			g.fail(failure{err: err})
		} else {
			answer = before
		}
	}
	exited = false
}

// closeAndSettle waits for the children, determines the state and the error of g from
// the failures and the cancellation, and settles g. If body did not fail, answer is what
// it returned.
func (g *group) closeAndSettle(how how, answer error) {
	waiter := waiting()
	defer waiter.waited()
	waiter.waitsFor(&g.node)
	if waiter != nil && waiter.lends(&g.node) {
		waiter.lend()
		g.close(waiter)
		waiter.takeBack(g.placeUntil(waiter))
	} else {
		g.close(waiter)
	}
	waiter.waitsFor(nil)
	failures, omitted := g.keep()
	ctxErr, cause := g.cancellation()
	state := Succeeded
	switch {
	case len(failures) > 0 || omitted > 0:
		state, g.err = Failed, &GroupError{Group: g.more.label, failures: failures, omitted: omitted}
	case ctxErr == nil:
	case g.ranOut(cause):
		state, g.err = Failed, cause.(*TimeoutError).with(answer)
	default:
		state, g.err = Canceled, &CanceledError{Task: g.name(), Cause: cause, Err: cmp.Or(answer, ctxErr), ctxErr: ctxErr}
	}
	g.settle(state)
	if how == goexited {
		// Group does not return, so its caller will not see the errors.
		var lost []*report
		for _, f := range failures {
			if f.err != ErrGoexit {
				lost = append(lost, &report{env: g.env, info: g.info(), err: f.err})
			}
		}
		reportAll(lost)
	}
}

// placeUntil returns what ends w's wait for the place that it lent until g was over: the
// end of g's ctx. If g was cancelled by a failure in it or by CancelScope, only the end of
// w's own ctx ends that wait: w is not cancelled, and must not exceed the limit.
func (g *group) placeUntil(w *node) *until {
	base := g.base()
	if g.ctxEnded() && !w.ctxEnded() && (base == nil || !latectx.IsDone(base)) {
		return &until{own: w.hand()}
	}
	return &until{own: g.handed, bounded: latectx.EndsBefore(base, w.base())}
}

// isLimit reports whether err, which judge made of the error before, is the limit of
// the node itself, as opposed to the limit of something else that was passed on.
func isLimit(err, before error) bool {
	limit, ok := err.(*TimeoutError)
	passedOn, _ := before.(*TimeoutError)
	return ok && limit != passedOn
}

// keep returns the failures that count, and the number of others that were
// reported. This is final: afterwards g has no failures, even if somebody looks
// at one of them. keep waits for reports in progress, because the program may
// end with the Group.
func (g *group) keep() (failures []failure, omitted int) {
	g.reporting.Lock()
	defer g.reporting.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.alarm != nil {
		g.alarm.Stop()
		g.alarm = nil
	}
	if g.tolerant {
		g.compact()
	}
	for _, f := range g.failures {
		if f.due != nil {
			f.due.settled.Store(true) // the Group returns it
		}
	}
	failures, g.failures = g.failures, nil
	return failures, g.omitted
}

// compact forgets the failures that somebody looked at; g.mu is locked.
func (g *group) compact() {
	g.failures = slices.DeleteFunc(g.failures, func(f failure) bool { return f.due != nil && f.due.settled.Load() })
	g.seen = 0
}

// failedChild records the failure of a child.
func (g *group) failedChild(n *node, err error) {
	r := &report{env: n.env, info: n.info().as(Failed), err: err}
	f := failure{name: n.name(), err: err, due: r}
	if g.tolerant {
		r.group = g
		f.at = time.Now().Add(patience)
		n.mu.Lock()
		if n.hooks != nil || n.pulse != nil || n.aside != nil && n.aside.done != nil {
			f.at = f.at.Add(patienceAwaited - patience)
		}
		n.mu.Unlock()
	}
	n.due(r)
	g.fail(f)
}

// fail records a failure and aborts g, unless g tolerates it.
func (g *group) fail(f failure) {
	g.record(f)
	if !g.tolerant || f.name == "" {
		g.abort(f.name, f.err)
	}
}

// forget records that somebody looked at the failure of r, which is one of g, a
// tolerant Group.
func (g *group) forget(r *report) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.sent {
		g.omitted--
		return
	}
	if g.seen++; g.seen > 8 && g.seen > len(g.failures)/2 {
		g.compact()
	}
}

// record records an error, which is body's if it has no name. An error that
// body returns from a child it looked at is already recorded.
func (g *group) record(f failure) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.name == "" {
		for _, child := range g.failures {
			if verdict.Same(f.err, child.err) && child.due.settled.Load() {
				if g.tolerant { // it is body's now
					child.due.settled.Store(false)
					g.seen--
				}
				return
			}
		}
	}
	g.failures = append(g.failures, f)
	if g.tolerant && f.due != nil && (g.alarm == nil || f.at.Before(g.alarmAt)) {
		g.wakeAt(f.at)
	}
}

// wakeAt arranges for report to be called at the given time; g.mu is locked.
func (g *group) wakeAt(at time.Time) {
	if g.alarm != nil {
		g.alarm.Stop()
	}
	g.alarmAt = at
	g.alarm = time.AfterFunc(time.Until(at), g.report)
}

// report reports those failures of g, a tolerant Group, that nobody has looked
// at in time.
func (g *group) report() {
	g.reporting.Lock()
	defer g.reporting.Unlock()
	g.mu.Lock()
	if g.alarm == nil { // the Group has ended
		g.mu.Unlock()
		return
	}
	g.alarm = nil
	g.compact()
	var news []*report
	var next time.Time
	now := time.Now()
	g.failures = slices.DeleteFunc(g.failures, func(f failure) bool {
		switch {
		case f.due == nil: // body's
		case !f.at.After(now):
			f.due.sent = true
			news = append(news, f.due)
			return true
		case next.IsZero() || f.at.Before(next):
			next = f.at
		}
		return false
	})
	g.omitted += len(news)
	if !next.IsZero() {
		g.wakeAt(next)
	}
	g.mu.Unlock()
	reportAll(news)
}

// abort cancels what is left, because of the failure of a child or, if name is
// "", of body, and refuses further tasks.
func (g *group) abort(name string, err error) {
	if name == "" {
		name = "body"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cancelLocked(&AbortError{Group: g.name(), Task: name, Err: err}, shutting)
}
