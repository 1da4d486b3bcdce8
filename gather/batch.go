package gather

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/task"
)

// A batch is the jobs of one call over a known number of items.
//
// Each worker runs one job after the other, claiming them in the order of the
// items, until none is left. As long as there is a job that nobody has claimed,
// and the limit allows one more worker, a worker is on its way: it was started,
// and the first thing it does is claim a job. Before it runs that, it starts the
// next one if there is reason to. So without a limit a job never waits for
// another one to end. And yet few goroutines are started where jobs are short,
// because a worker that is done with a job claims the next one itself. That is:
//
//	while there are unclaimed jobs and there may be one more worker, one is on
//	its way, or wanted is true and a worker is about to look at it.
//
// This holds because each worker looks at wanted when it has claimed a job, and the
// worker that was on its way has set wanted before it claims its first one. The worker
// that makes it false starts the next. All of this is atomic, and a job that was claimed
// stays claimed.
//
// Who owns what: the workers share next, live, wanted, exited and workers. Field spare
// belongs to the goroutine that starts a worker: it uses the field before the worker
// begins, and only after that can another goroutine find wanted set. The other
// fields are written before the first worker is started and only read afterwards.
// What the outcome writes, it writes before the worker that called it calls
// workers.Done, and so before workers.Wait returns.
type batch[T, R any] struct {
	// The workers write to the first line of the processor's cache all the time. So it has
	// nothing else that they read for each job.
	next    atomic.Int64 // the first job that nobody has claimed
	live    atomic.Int32 // workers that have not ended, if watched
	spare   int32        // workers that may be started beside these
	workers sync.WaitGroup
	gate    *gate[T]
	watched *inflight.Call // the call in the tree of tasks, or nil
	outcome outcome[R]

	items []T
	fn    func(context.Context, T) (R, error) // nil if the items are task.Func[R]: this spares All a closure
	limit int                                 // jobs at once; 0 is no limit

	// results, if not nil, receives the value of each job that succeeds. If
	// quiet is set, the outcome need not be called for these jobs.
	results []R
	quiet   bool
	kind    kind
	wanted  atomic.Bool // no worker is on its way, and there may be one more
	exited  atomic.Bool // the caller's goroutine is exiting, and the call will not return

	jobs jobContext
	vars gls.Snapshot // the caller's variables
}

// An outcome receives the result of each job of a batch. It is an interface
// because a func value would cost one more allocation for each call of [All].
type outcome[R any] interface {
	// notify is called once for job i, by the goroutine that ran it. That
	// goroutine has the caller's variables again, and may be exiting after a
	// Goexit. notify may call functions of the user's, but must protect itself:
	// neither their panic nor their Goexit may keep it from finishing.
	notify(i int, v R, err error, gaveUp bool)
}

// run runs the jobs for a caller with ctx, which [safe] returned, and returns how
// many were started, which are always the first ones; ctx or cancel kept the others
// from starting. When run returns, every job and every worker has ended. That is
// also so when it does not return because a function given to [Weight] or [Rate]
// called Goexit.
func (b *batch[T, R]) run(ctx context.Context) (started int) {
	if len(b.items) == 0 || latectx.IsDone(ctx) {
		return 0
	}
	b.jobs.begin(ctx)
	b.vars = gls.SaveAgain()
	b.watched = watch(ctx, b, &b.jobs.carried, b.kind == kindRace || b.kind == kindAny)
	if call := b.watched; call != nil {
		defer call.Host.Leave(call)
	}
	finished := false
	defer func() {
		if !finished {
			b.exited.Store(true)
			b.jobs.cancel(nil)
			b.workers.Wait()
		}
	}()
	if b.gate == nil {
		b.startWorkers()
	} else {
		started = b.startJobs()
	}
	b.workers.Wait()
	finished = true
	b.jobs.cancel(nil)
	if b.gate == nil {
		started = int(min(b.next.Load(), int64(len(b.items))))
	}
	return started
}

// startWorkers starts one worker for each processor, but no more than there are jobs.
// These workers need not wait for one another, and the last of them starts further ones.
func (b *batch[T, R]) startWorkers() {
	n := len(b.items)
	most := n
	if b.limit > 0 {
		most = min(n, b.limit)
	}
	first := most
	// Jobs that share a goroutine are ordered, which hides a race between them
	// from the race detector. So it gets as many goroutines as there is time for.
	if most > 1 && (!raceEnabled || b.limit > 0) {
		first = min(most, runtime.GOMAXPROCS(0))
	}
	b.spare = int32(min(most-first, math.MaxInt32))
	for w := 1; w <= first && b.next.Load() < int64(n); w++ {
		b.startWorker(w == first && b.spare > 0)
	}
}

func (b *batch[T, R]) startWorker(more bool) {
	b.workers.Add(1)
	if b.watched != nil {
		b.live.Add(1)
	}
	if more {
		go b.lead()
	} else {
		go b.work()
	}
}

// lead is the life of a worker after which another one may be started.
func (b *batch[T, R]) lead() {
	b.wanted.Store(true)
	b.work()
}

// follow starts another worker. The caller has made wanted false.
func (b *batch[T, R]) follow() {
	b.spare--
	b.startWorker(b.spare > 0)
}

// work is the life of a worker.
func (b *batch[T, R]) work() {
	b.vars.Enter(&b.jobs.carried)
	defer gls.Forget()
	returned := false
	defer func() {
		if returned {
			b.leave()
			return
		}
		// A job called runtime.Goexit, which ends the goroutine and not only the
		// job. Another worker takes this one's place.
		go b.work()
	}()
	for !b.serve() {
	}
	returned = true
}

// serve runs jobs until there are none left, and then reports true, or until
// one of them panics.
//
// Short jobs spend their time in this loop, at 10 ns for each: half of it is
// for the counter, the rest for the two things that a bare loop does not do,
// checking whether the call is cancelled and restoring what a job set. See [crowd]
// for what it costs if several workers do that at once.
// Protecting each job separately would double the cost. Claiming several jobs
// at once would halve it, but then a job claimed behind a slow one would wait
// while other workers are idle, or for ever if the slow one waits for it.
func (b *batch[T, R]) serve() (done bool) {
	var hand struct { // in one allocation
		i      int   // the job in hand, -1 if that has ended
		judged error // what it returned, while that is judged
		gaveUp bool
	}
	task.Func[struct{}](func(ctx context.Context) (struct{}, error) {
		items, fn := b.items, b.fn
		var crowd crowd
		for {
			// With a limit, most jobs of a call may lie ahead when it is
			// cancelled. Without one, each was promised to be called.
			if b.limit > 0 && b.jobs.Ended() {
				return struct{}{}, nil
			}
			n := int(b.next.Add(1)) - 1
			if n >= len(items) {
				return struct{}{}, nil
			}
			last := crowd.last
			if crowd.last = n; n != last+1 {
				crowd.claimed(n)
			}
			hand.i = n
			if b.wanted.Load() && n+1 < len(items) && b.wanted.CompareAndSwap(true, false) {
				b.follow()
			}
			var v R
			var err error
			if fn != nil {
				v, err = fn(ctx, items[n])
			} else {
				v, err = any(items[n]).(task.Func[R])(ctx)
			}
			if err != nil {
				err, hand.gaveUp = judge(b.jobs.Context, err, &hand.judged)
			}
			b.vars.Restore()
			if err == nil && b.quiet {
				b.results[n] = v
				continue
			}
			hand.i = -1
			b.settle(n, v, err, hand.gaveUp)
			hand.gaveUp = false
		}
	}).Call(&b.jobs, func(_ struct{}, err error) {
		switch {
		case err == nil:
			done = true
		case hand.i >= 0: // that job has not returned
			var none R
			b.settle(hand.i, none, besides(hand.judged, err), false)
		case err != task.ErrGoexit: // which is of a function that settle called
			panic(err)
		}
	})
	return done
}

// settle records how job i ended. Before that, it restores the caller's
// variables, so neither the functions that the outcome calls nor the next job
// sees what this job set.
func (b *batch[T, R]) settle(i int, v R, err error, gaveUp bool) {
	b.vars.Restore()
	if err == nil && b.results != nil {
		b.results[i] = v
	}
	if err != nil || !b.quiet {
		b.outcome.notify(i, v, err, gaveUp)
	}
}

// startJobs starts the jobs one by one as the gate lets them through, each in a
// goroutine of its own, and returns how many were started or turned away.
// Workers that wait at the gate would also work, but without a limit there
// would be one for each waiting job.
func (b *batch[T, R]) startJobs() int {
	var slots chan struct{} // has a value for each job running, if there is a limit
	if b.limit > 0 {
		slots = make(chan struct{}, b.limit)
	}
	for i, item := range b.items {
		if slots != nil {
			select {
			case slots <- struct{}{}:
			case <-b.jobs.Done():
				return i
			}
		}
		weight, err := b.gate.enter(&b.jobs, item)
		ended := b.jobs.Ended()
		if ended && !isPanic(err) { // a panic is the job's even then
			return i
		}
		if err != nil {
			if slots != nil {
				<-slots
			}
			var none R
			b.outcome.notify(i, none, err, false)
			if ended {
				return i + 1
			}
			continue
		}
		b.next.Store(int64(i) + 1)
		b.workers.Add(1)
		if b.watched != nil {
			b.live.Add(1)
		}
		go func() {
			defer func() {
				b.gate.release(weight)
				if slots != nil {
					<-slots
				}
				b.leave()
			}()
			// What the functions at the gate set must not be visible to the
			// job.
			b.vars.Enter(&b.jobs.carried)
			defer gls.Forget()
			var judged error // what the job returned, while that is judged
			gaveUp := false
			task.Func[R](func(ctx context.Context) (v R, err error) {
				if v, err = b.fn(ctx, item); err != nil {
					err, gaveUp = judge(b.jobs.Context, err, &judged)
				}
				return v, err
			}).Call(&b.jobs, func(v R, err error) { b.settle(i, v, besides(judged, err), gaveUp) })
		}()
	}
	return len(b.items)
}

// leave records that a worker ends.
func (b *batch[T, R]) leave() {
	if b.watched != nil {
		b.live.Add(-1)
		if b.kind == kindAny {
			b.watched.Host.Ended()
		}
	}
	b.workers.Done()
}
