package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/task"
)

// serve is the life of a worker.
func (f *flow[T, R]) serve() {
	// The worker was started by the feeder, or by a worker in the middle of a
	// job.
	f.vars.Enter(&f.jobs.carried)
	defer gls.Forget()
	var j job[T, R]
	returned := false
	defer func() {
		if returned {
			f.running.Done()
			return
		}
		// The job called runtime.Goexit, which ends the goroutine and not only
		// the job. Another worker takes this one's place.
		f.mu.Lock()
		f.put(&j)
		f.mu.Unlock()
		go f.serve()
	}()
	f.mu.Lock()
	for f.claim(&j) {
		f.mu.Unlock()
		f.do(&j)
		f.mu.Lock()
		f.put(&j)
	}
	f.mu.Unlock()
	returned = true
}

// claim waits for an item and puts it in the worker's hands. It reports false
// if there is none. The caller holds f.mu.
func (f *flow[T, R]) claim(j *job[T, R]) bool {
	for f.claimed == f.fed && !f.inputEnd && !f.over {
		f.idle++
		f.work.Wait()
	}
	if f.claimed == f.fed || f.over {
		return false
	}
	c := f.cell(f.claimed)
	*j = job[T, R]{index: f.claimed, item: c.item, weight: c.weight, refuse: c.refuse, gaveUp: c.gaveUp}
	*c = cell[T, R]{}
	f.claimed++
	return true
}

// do runs the job in the worker's hands, and returns unless the job calls
// [runtime.Goexit]. Either way j has its outcome, and the goroutine has the
// consumer's variables again.
func (f *flow[T, R]) do(j *job[T, R]) {
	if j.refuse == nil && f.jobs.Ended() {
		j.refuse, j.gaveUp = notStarted(&f.jobs), true
	}
	if j.refuse != nil {
		f.settle(j, j.refuse)
		return
	}
	task.Func[R](func(ctx context.Context) (v R, err error) {
		if v, err = f.fn(ctx, j.item); err != nil {
			err, j.gaveUp = judge(f.ctx, err, &j.judged)
		}
		return v, err
	}).Call(&f.jobs, func(v R, err error) {
		f.vars.Restore()
		if err == nil {
			j.value = v
		}
		f.settle(j, besides(j.judged, err))
	})
}

// settle records how the job ended, and calls the functions that observe it. Even
// if they panic, j has its outcome then.
func (f *flow[T, R]) settle(j *job[T, R], err error) {
	f.gate.release(j.weight)
	defer f.progress.notify(err, &f.jobs) // even if name panics
	if err == nil {
		return
	}
	j.failed = &JobError{Index: j.index, Err: err}
	if f.name != nil {
		j.failed.call(func() string { return f.name(j.item) })
	}
}

// put passes the outcome of the job to the consumer. The caller holds f.mu.
func (f *flow[T, R]) put(j *job[T, R]) {
	n := f.ended
	if f.ordered {
		n = j.index
	}
	f.ended++
	*f.cell(n) = cell[T, R]{value: j.value, failed: j.failed, gaveUp: j.gaveUp, ready: true}
	*j = job[T, R]{}
	if n == f.given {
		f.ready.Signal()
	}
}
