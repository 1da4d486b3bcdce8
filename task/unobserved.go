package task

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
)

// Unobserved sets who is told of errors that nobody looked at, of the task, the
// [Group] or the [Run] with this option and all that is started in it. The
// default logs them with slog.Default() at level Error. It mirrors
// loop.set_exception_handler.
//
// An error is looked at when Await, Result, Err, AsCompleted or WaitFor returns
// it, or when a Group or a Run does. A task whose error was not, which is what
// asyncio calls an exception that was never retrieved, is reported once: when
// the Run that it belongs to ends, or when its handle is garbage, whichever
// happens first. A task that is cancelled is not reported.
//
// f may be called by any goroutine, and several at a time.
func Unobserved(f func(Info, error)) Option { return optionFunc(func(o *options) { o.reporter = f }) }

// An env is what a task hands down to those it starts.
type env struct {
	reporter func(Info, error)
	reports  *reports // those of the Run it is in, or nil
}

var defaultEnv = env{reporter: logUnobserved}

func logUnobserved(info Info, err error) {
	slog.LogAttrs(context.Background(), slog.LevelError, "task failed and nobody looked at its error",
		slog.String("task", info.Name), slog.Uint64("id", info.ID), slog.Any("err", err))
}

func (e *env) report(info Info, err error) { e.reporter(info, err) }

// A report is the error of a task that nobody has looked at yet. It does not
// refer to the task, for it must not keep it from becoming garbage.
type report struct {
	env     *env
	info    Info
	err     error
	settled atomic.Bool // somebody looked, or it was reported
}

// expect makes the report that is due unless somebody looks at err, with which
// n ends. Only a task that fails pays for it.
func (e *env) expect(n *node, err error) *report {
	r := &report{env: e, info: n.info(), err: err}
	e.reports.add(r)
	runtime.AddCleanup(n, (*report).send, r)
	return r
}

// observe settles the report without sending it.
func (r *report) observe() {
	if !r.settled.Load() && r.settled.CompareAndSwap(false, true) {
		r.env.reports.remove(r)
	}
}

// send sends the report, if it is not settled.
func (r *report) send() {
	if r.settled.CompareAndSwap(false, true) {
		r.env.reports.remove(r)
		r.env.report(r.info, r.err)
	}
}

// reports are those of one Run that are not settled. A nil *reports holds none:
// without a Run there is no end at which to send them.
type reports struct {
	mu   sync.Mutex
	open map[*report]struct{}
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

// flush sends all.
func (rs *reports) flush() {
	rs.mu.Lock()
	open := rs.open
	rs.open = nil
	rs.mu.Unlock()
	for r := range open {
		r.send()
	}
}
