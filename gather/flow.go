package gather

import (
	"context"
	"iter"
	"sync"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/task"
)

// A flow is one run of a [Stream], from the start of a range statement to its
// end. Three kinds of goroutines take part: the feeder, which iterates over the
// input, up to limit workers, and the consumer, which called run and calls the
// body of the loop.
//
// An item is numbered in the order of the input, and a result in the order in
// which it is yielded. Both live in a ring of cells, item n and result n in
// cell n modulo the length of the ring. Each counter is behind the one before
// it, and the first never more than window ahead of the last:
//
//	given ≤ ended ≤ claimed ≤ fed ≤ given+window
//
//	items  [claimed, fed)    wait for a worker
//	       [ended, claimed)  as many, whichever they are, are with workers
//	results [given, ...)     wait for the consumer where ready
//
// so within the ring an item and a result never meet in the wrong cell.
type flow[T, R any] struct {
	ctx      context.Context // the consumer's, see safe
	fn       func(context.Context, T) (R, error)
	limit    int
	ordered  bool
	policy   Policy
	name     func(T) string // nil if jobs have none
	gate     *gate[T]
	progress *reporter

	jobs jobContext
	vars gls.Snapshot // the consumer's variables

	mu    sync.Mutex // held only for moments, never while a function of the user's runs
	space sync.Cond  // the feeder waits here for fed < given+window
	work  sync.Cond  // workers wait here for claimed < fed
	ready sync.Cond  // the consumer waits here for result given

	// Guarded by mu.
	pace
	ring     []cell[T, R]
	fed      int  // items taken from the input
	claimed  int  // items that workers have taken
	ended    int  // jobs that have ended
	given    int  // results that the loop body is done with
	lent     bool // the loop body has result given
	workers  int
	idle     int   // workers that wait, less those that were woken and do not run yet
	inputEnd bool  // the feeder has ended
	input    error // how, if the input panicked or called Goexit
	cut      bool  // the input might have gone on, had ctx not been done
	over     bool  // the loop is over

	running sync.WaitGroup // the feeder and the workers
}

// A cell of the ring holds an item until a worker takes it, and later a result
// until the consumer takes it.
type cell[T, R any] struct {
	item   T
	weight int64
	refuse error // why the job must not start

	value  R
	failed *JobError // nil if the job succeeded
	gaveUp bool      // or was not started: the policy does not count it
	ready  bool
}

// A job is what a worker has in hand.
type job[T, R any] struct {
	index  int
	item   T
	weight int64
	refuse error
	value  R
	judged error // what the job returned, while that is judged
	failed *JobError
	gaveUp bool
}

func (f *flow[T, R]) cell(n int) *cell[T, R] { return &f.ring[n%len(f.ring)] }

// run is the consumer.
func (f *flow[T, R]) run(in iter.Seq[T], yield func(R, error) bool) {
	var none R
	if latectx.IsDone(f.ctx) {
		yield(none, notStarted(f.ctx))
		return
	}
	f.jobs.begin(f.ctx)
	f.vars = gls.Save()
	if outer := feedHere(); outer != nil {
		// This stream is the input of another one and must end with it. No loop
		// body stands between the two that could break.
		stop := context.AfterFunc(outer.ctx, func() { f.jobs.cancel(context.Cause(outer.ctx)) })
		defer stop()
	}
	if call := watch(f.ctx, f, nil, false); call != nil {
		defer call.Host.Leave(call)
	}
	f.space.L, f.work.L, f.ready.L = &f.mu, &f.mu, &f.mu
	f.running.Add(1)
	go f.feed(in)

	complete := f.consume(yield)
	f.progress.rethrow(f.ctx, f.input)
	if f.input != nil {
		goOn(f.input)
	}
	if complete && f.cut {
		yield(none, notStarted(&f.jobs))
	}
}

// consume passes the results to yield until there are no more, and then reports
// true, or until yield returns false or the policy ends the stream. When it
// returns, or yield panics or calls Goexit, all other goroutines of the flow
// have ended.
func (f *flow[T, R]) consume(yield func(R, error) bool) (complete bool) {
	returned := false
	defer func() { f.close(returned) }()
	failed := 0
	for {
		c, ok := f.take()
		if !ok {
			returned = true
			return true
		}
		var err error
		if c.failed != nil {
			err = c.failed
			if !c.gaveUp {
				failed++
			}
		}
		if !yield(c.value, err) || f.policy.enough(failed) {
			returned = true
			return false
		}
	}
}

// take waits for the next result and returns it. It reports false if there is
// none, because the input has ended.
func (f *flow[T, R]) take() (cell[T, R], bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lent {
		f.lent = false
		f.given++
		f.passed(f.given)
		f.space.Signal()
	}
	for {
		if f.given < f.fed {
			if c := f.cell(f.given); c.ready {
				taken := *c
				*c = cell[T, R]{}
				f.lent = true
				return taken, true
			}
		} else if f.inputEnd {
			return cell[T, R]{}, false
		}
		f.starved = true
		f.ready.Wait()
	}
}

// close cancels what still runs and waits for it. Then it reports the panics that
// the consumer will not see: those of jobs whose results the consumer did not
// wait for, at the gate too, and, unless the consumer returned, those of the
// input and of Progress, which would otherwise continue in the consumer.
func (f *flow[T, R]) close(returned bool) {
	f.mu.Lock()
	f.over = true
	f.space.Signal()
	f.work.Broadcast()
	f.mu.Unlock()
	f.jobs.cancel(nil)
	f.running.Wait()
	var lost []error
	for n := f.given; n < f.fed; n++ {
		c := f.cell(n)
		if c.refuse != nil { // and no worker took it
			c.failed = &JobError{Index: n, Err: c.refuse}
		}
		if c.failed != nil && panicked(&f.jobs, c.failed) {
			lost = append(lost, c.failed)
		}
	}
	for _, how := range []error{f.input, f.progress.how()} {
		if !returned && how != nil && how != task.ErrGoexit {
			lost = append(lost, how)
		}
	}
	task.Report(f.ctx, lost...)
}

// feed is the feeder.
func (f *flow[T, R]) feed(in iter.Seq[T]) {
	task.Func[struct{}](func(ctx context.Context) (struct{}, error) {
		(&feed{ctx: ctx}).run(func() {
			for item := range in {
				if !f.push(item) {
					break
				}
			}
		})
		return struct{}{}, nil
	}).Call(&f.jobs, func(_ struct{}, err error) {
		f.mu.Lock()
		f.inputEnd, f.input = true, err
		f.cut = f.jobs.Ended()
		f.work.Broadcast()
		f.ready.Signal()
		f.mu.Unlock()
		f.running.Done()
	})
}

// push hands item to the workers and then blocks until there is room for
// another item. It reports false if no other item is needed.
func (f *flow[T, R]) push(item T) bool {
	weight, refuse := f.gate.enter(&f.jobs, item)
	cut := refuse != nil && !isPanic(refuse) && f.jobs.Ended()
	if cut {
		refuse = notStarted(&f.jobs)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fed-f.given == len(f.ring) {
		f.grow()
	}
	*f.cell(f.fed) = cell[T, R]{item: item, weight: weight, refuse: refuse, gaveUp: cut}
	f.fed++
	switch {
	case f.idle > 0:
		// The woken worker counts as busy from now on, not only once it
		// runs: the next item must not count on it too.
		f.idle--
		f.work.Signal()
	case f.workers < f.limit:
		f.workers++
		f.running.Add(1)
		go f.serve()
	}
	for f.fed-f.given >= f.window && !f.over {
		f.space.Wait()
	}
	return !f.over && !f.jobs.Ended()
}

// grow makes the ring longer. The ring starts short, because most windows are
// never filled. The caller holds f.mu.
func (f *flow[T, R]) grow() {
	old := f.ring
	f.ring = make([]cell[T, R], min(max(2*len(old), 8), f.window))
	for n := f.given; n < f.fed; n++ {
		*f.cell(n) = old[n%len(old)]
	}
}
