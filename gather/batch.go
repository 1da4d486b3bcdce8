package gather

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/task"
)

// A batch is the jobs of one call over a known number of items.
//
// The caller's goroutine starts workers, and each worker runs one job after the
// other, claiming them in the order of the items, until none is left. Workers
// are started for as long as there are jobs that nobody has claimed and the
// limit allows it. So without a limit a job never waits for another one to end:
// as long as it is unclaimed, one more worker is on its way. And yet few
// goroutines are started where jobs are short, because the workers that are
// there already are done with the jobs before the next worker is.
//
// Who owns what: the fields above next are written before the first worker is
// started and only read afterwards. What the outcome writes, it writes before
// the worker that called it calls workers.Done, and so before workers.Wait
// returns.
type batch[T, R any] struct {
	items []T
	fn    func(context.Context, T) (R, error)
	limit int // jobs at once; 0 is no limit
	gate  *gate[T]

	// results, if not nil, is where the value of each job that succeeds goes.
	// The outcome need not hear of these if quiet is set.
	results []R
	quiet   bool
	kind    kind
	watched bool // it is in the tree of tasks
	outcome outcome[R]

	jobs jobContext
	vars gls.Snapshot // the caller's variables

	next    atomic.Int64 // the first job that nobody has claimed
	live    atomic.Int64 // workers that have not ended, if watched
	workers sync.WaitGroup
}

// An outcome is told how the jobs of a batch end. An interface, because a func
// value would be one more allocation for each call of [All].
type outcome[R any] interface {
	// ended is called once for job i, by the goroutine that ran it, which has
	// the caller's variables again and may be on its way out after a Goexit. It
	// may call functions of the user's, but only in a way that they can neither
	// panic nor keep it, by a Goexit, from what it is to do.
	ended(i int, v R, err error, gaveUp bool)
}

// run runs the jobs and returns how many were started, always the first ones.
// The others were kept from it by ctx or by cancel. When run returns, every job
// and every worker has ended, also when it does not return, because a function
// given to [Weight] or [Rate] called Goexit.
func (b *batch[T, R]) run(ctx context.Context) (started int) {
	if len(b.items) == 0 || ctx.Err() != nil {
		return 0
	}
	b.jobs.begin(ctx)
	b.vars = gls.Save()
	if leave := watch(ctx, b); leave != nil {
		b.watched = true
		defer leave()
	}
	finished := false
	defer func() {
		if !finished {
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

func (b *batch[T, R]) startWorkers() {
	n := int64(len(b.items))
	most := n
	if b.limit > 0 {
		most = min(n, int64(b.limit))
	}
	// One func value for all: a go statement with arguments, or with a method's
	// receiver, would allocate a closure for each worker.
	work := b.work
	for w := int64(0); w < most && b.next.Load() < n; w++ {
		b.workers.Add(1)
		if b.watched {
			b.live.Add(1)
		}
		go work()
	}
}

// work is the life of a worker.
func (b *batch[T, R]) work() {
	b.vars.Enter(&b.jobs.carried)
	defer gls.Forget()
	returned := false
	defer func() {
		if returned {
			b.gone()
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
// It is the loop that short jobs spend their time in, at 10 ns for each: half of
// it for the counter, the rest for the two things that a bare loop does not do,
// to look whether the call is cancelled and to take back what a job set. To
// protect every job for itself would double it. To claim several at once would
// halve it, but then a job behind a slow one would
// wait while other workers are idle, or for ever if the slow one waits for it.
func (b *batch[T, R]) serve() (done bool) {
	i, gaveUp := 0, false // the job in hand, -1 if that has ended
	task.Func[struct{}](func(ctx context.Context) (struct{}, error) {
		items, fn := b.items, b.fn
		for {
			// With a limit, most jobs of a call may lie ahead when it is
			// cancelled. Without one, each was promised to be called.
			if b.limit > 0 && b.jobs.Err() != nil {
				return struct{}{}, nil
			}
			n := int(b.next.Add(1)) - 1
			if n >= len(items) {
				return struct{}{}, nil
			}
			i = n
			v, err := fn(ctx, items[n])
			if err != nil {
				err, gaveUp = judge(b.jobs.Context, err)
			}
			b.vars.Restore()
			if err == nil && b.quiet {
				b.results[n] = v
				continue
			}
			i = -1
			b.finish(n, v, err, gaveUp)
			gaveUp = false
		}
	}).Call(&b.jobs, func(_ struct{}, err error) {
		switch {
		case err == nil:
			done = true
		case i >= 0: // job i has not returned
			var none R
			b.finish(i, none, err, false)
		case err != task.ErrGoexit: // else it is that of a function called by finish
			panic(err)
		}
	})
	return done
}

// finish notes how job i ended. Before that, the goroutine has the caller's
// variables again: neither the functions that the outcome calls nor the next job
// sees what this one set.
func (b *batch[T, R]) finish(i int, v R, err error, gaveUp bool) {
	b.vars.Restore()
	if err == nil && b.results != nil {
		b.results[i] = v
	}
	if err != nil || !b.quiet {
		b.outcome.ended(i, v, err, gaveUp)
	}
}

// startJobs starts the jobs one by one as the gate lets them through, each in a
// goroutine of its own, and returns how many were started or turned away. A
// worker that waits at the gate would do as well, but without a limit there
// would be one for each job that waits.
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
		if b.jobs.Err() != nil {
			return i
		}
		if err != nil {
			if slots != nil {
				<-slots
			}
			var none R
			b.outcome.ended(i, none, err, false)
			continue
		}
		b.next.Store(int64(i) + 1)
		b.workers.Add(1)
		if b.watched {
			b.live.Add(1)
		}
		go func() {
			defer func() {
				b.gate.leave(weight)
				if slots != nil {
					<-slots
				}
				b.gone()
			}()
			// Whatever the functions at the gate set is not the job's affair.
			b.vars.Restore()
			gaveUp := false
			task.Func[R](func(ctx context.Context) (v R, err error) {
				if v, err = b.fn(ctx, item); err != nil {
					err, gaveUp = judge(b.jobs.Context, err)
				}
				return v, err
			}).Call(&b.jobs, func(v R, err error) { b.finish(i, v, err, gaveUp) })
		}()
	}
	return len(b.items)
}

// gone notes that a worker ends.
func (b *batch[T, R]) gone() {
	if b.watched {
		b.live.Add(-1)
	}
	b.workers.Done()
}
