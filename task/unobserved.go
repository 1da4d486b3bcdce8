package task

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Unobserved sets the function that receives errors that nobody looked at. It
// applies to the task, the [Group] or the [Run] with this option and to
// everything started in it. By default, such errors are logged with
// slog.Default() at level Error. It mirrors loop.set_exception_handler.
//
// An error counts as looked at when Await, Result, Err, AsCompleted or WaitFor
// returns it, or when a Group or a Run does. A task that fails with an error
// that nobody looks at, which asyncio calls an exception that was never
// retrieved, is reported once: when its Run ends or when its handle becomes
// garbage, whichever happens first. This includes a task started in a Group or
// a Run that had ended. A task that was cancelled is not reported. A Group with
// [FailFast](false) reports such errors at once, without waiting for its end. f also
// receives what is passed to [Report].
//
// f may be called by any goroutine, and by several at the same time. If f
// panics, both the panic and the error are logged.
func Unobserved(f func(Info, error)) Option { return optionFunc(func(o *options) { o.reporter = f }) }

// OnFailure sets a function that is called at once for each task that fails. It
// applies to the task, the [Group] or the [Run] with this option and to
// everything started in it. The task's goroutine calls f, before those that
// wait for the task are woken, whether or not somebody looks at the error
// later. A task that was cancelled has not failed. An inner OnFailure replaces
// an outer one.
//
// OnFailure is meant for metrics and logs. For errors that would otherwise be
// lost, use [Unobserved]; for the end of every task, failed or not, use
// [OnFinished]. f should return soon and must not wait for tasks. It may be
// called by several goroutines at the same time. A panic of f is reported like
// that of a callback.
func OnFailure(f func(Info, error)) Option { return optionFunc(func(o *options) { o.failures = f }) }

// An env holds the settings that a task passes on to the tasks that it starts. It is
// immutable.
type env struct {
	reporter func(Info, error)
	failures func(Info, error) // or nil
	reports  *reports          // those of the Run it is in, or nil
	sites    bool              // it is noted where tasks are started
}

var defaultEnv = env{reporter: logUnobserved}

// run returns a copy of e for a Run.
func (e *env) run() *env {
	in := *e
	in.reports = new(reports)
	return &in
}

// with returns a copy of e for tasks with o.
func (e *env) with(o *options) *env {
	in := *e
	if o.reporter != nil {
		in.reporter = o.reporter
	}
	if o.failures != nil {
		in.failures = o.failures
	}
	in.sites = in.sites || o.sites
	return &in
}

func logUnobserved(info Info, err error) {
	slog.LogAttrs(context.Background(), slog.LevelError, "task failed and nobody looked at its error",
		slog.String("task", info.Name), slog.Uint64("id", info.ID), slog.Any("err", err))
}

// report reports err. If the reporter panics, both the error and the panic are
// logged, because the goroutine may be the runtime's own, where a panic would
// end the program.
func (e *env) report(info Info, err error) {
	call(func() { e.reporter(info, err) }, func(fault error) {
		if fault == nil {
			return
		}
		call(func() {
			logUnobserved(info, err)
			logUnobserved(info, &Error{Op: "report of", Task: info.Name, Err: fault})
		}, func(fault error) {
			if fault != nil {
				fmt.Fprintf(os.Stderr, "task: neither the Unobserved function nor the logger takes the error of %q: %v\n", info.Name, fault)
			}
		})
	})
}

// reportAll reports the errors, even if a reporter calls Goexit.
func reportAll(reports []*report) {
	each(reports, func(r *report) { r.env.report(r.info, r.err) })
}

// A report is the error of a task that nobody has looked at yet. It does not
// refer to the task, because it must not keep the task from becoming garbage.
type report struct {
	env     *env
	info    Info
	err     error
	group   *group      // the supervisor that keeps it, or nil
	sent    bool        // by group; guarded by its mu
	settled atomic.Bool // somebody looked at the error, or it was reported
}

// expect makes the report that is due unless somebody looks at err, the error
// of n, which ends in the given state. Only tasks that fail pay for it.
func (e *env) expect(n *node, state State, err error) *report {
	r := &report{env: e, info: n.info().as(state), err: err}
	e.reports.add(r)
	// A Goexit in send, as of t.FailNow, must not end the runtime's own
	// goroutine.
	runtime.AddCleanup(n, func(r *report) { go r.send() }, r)
	return r
}

// observe settles the report without sending it.
func (r *report) observe() {
	if r.settled.Load() || !r.settled.CompareAndSwap(false, true) {
		return
	}
	if r.group != nil {
		r.group.forget(r)
	} else {
		r.env.reports.remove(r)
	}
}

// send sends the report, if it is not settled.
func (r *report) send() {
	if rs := r.env.reports; rs != nil {
		rs.sending.RLock()
		defer rs.sending.RUnlock()
	}
	if r.settled.CompareAndSwap(false, true) {
		r.env.reports.remove(r)
		r.env.report(r.info, r.err)
	}
}

// reports holds the unsettled reports of one Run. A nil *reports holds none:
// without a Run, there is no end at which to send them.
type reports struct {
	mu   sync.Mutex
	open map[*report]struct{}

	sending sync.RWMutex // held for reading while a report is sent; flush waits for it
}

func (rs *reports) add(r *report) {
	if rs == nil {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.open == nil {
		rs.open = make(map[*report]struct{})
	}
	rs.open[r] = struct{}{}
}

func (rs *reports) remove(r *report) {
	if rs == nil {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.open, r)
}

// flush sends all reports. When it returns, the reports that the runtime had
// begun to send, because their task was garbage, have been sent too.
func (rs *reports) flush() {
	rs.mu.Lock()
	open := rs.open
	rs.open = nil
	rs.mu.Unlock()
	apart(slices.Collect(maps.Keys(open)), (*report).send) // the reporter may call Goexit
	rs.sending.Lock()
	//lint:ignore SA2001 this waits for reports being sent
	rs.sending.Unlock()
}
