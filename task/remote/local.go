package remote

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"sync"
	"time"
)

// Local is the engine of a goroutine for which [Through] sets none: the caller
// runs the job itself, in a task that it waits for. Arguments, results,
// variables and errors cross as they would to another machine, so a test
// without an engine detects what cannot cross. Local cannot be served.
var Local Engine = inline{}

type inline struct{}

// Do runs job in the calling goroutine.
func (inline) Do(ctx context.Context, job *Job) (*Outcome, error) {
	f := lookUp(job.Func)
	if f == nil {
		return nil, ErrUnknownFunc
	}
	jobCtx, end := crossing(ctx)
	defer end()
	a, endReports := attempt(job)
	defer endReports()
	outcome := &Outcome{Worker: a.Worker, Delivery: a.Delivery}
	f.handle(jobCtx, a, outcome)
	return outcome, nil
}

// Serve panics: a caller through Local runs the job itself.
func (inline) Serve(context.Context, []string, int, Handler) error {
	panic(&MisuseError{"Serve", "", "remote.Local runs jobs in the goroutines of their callers and has no workers; NewLocal has"})
}

// crossing returns a ctx for a job that inherits only the end of ctx, with the
// cause in the form in which it would cross, and a function that ends it.
func crossing(ctx context.Context) (context.Context, func()) {
	jobCtx, cancel := context.WithCancelCause(context.Background())
	stop := context.AfterFunc(ctx, func() { cancel(NewFailure(context.Cause(ctx)).Err()) })
	return jobCtx, func() {
		stop()
		cancel(nil)
	}
}

// attempt returns the first and only attempt at a job in this process, and a
// function that ends its reports: later reports are dropped.
func attempt(job *Job) (a *Attempt, end func()) {
	a = &Attempt{Job: job, Delivery: 1, Worker: "pid " + strconv.Itoa(os.Getpid())}
	var mu sync.Mutex // held while Progress is called, so that the calls are in order
	ended := false
	a.Report = func(p []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if job.Progress != nil && !ended {
			job.Progress(Progress{Func: job.Func, Job: job.ID, Delivery: 1, Data: bytes.Clone(p)})
		}
		return nil
	}
	return a, func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
	}
}

// NewLocal returns an engine in this process, with a queue from which [Serve]
// takes jobs. It is for tests of callers and workers together. As with any
// other engine, a call waits until a worker serves its function. Nothing is
// ever lost, so each job has one delivery.
func NewLocal() Engine { return &local{queues: map[string]*queue{}} }

type local struct {
	mu     sync.Mutex
	queues map[string]*queue // by function
}

// A queue holds the jobs of one function. If the backlog is full, callers wait,
// in the order chosen by the runtime; an unbuffered channel passes jobs on.
type queue struct {
	jobs chan *localJob
	room chan struct{} // one token for each job that waits, as many as Backlog
}

type localJob struct {
	attempt *Attempt
	ctx     context.Context // ends when the caller's does, with the cause that crosses
	outcome chan *Outcome   // of one place
}

func (l *local) queue(job string, backlog int) *queue {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[job]
	if q == nil {
		q = &queue{jobs: make(chan *localJob)}
		l.queues[job] = q
	}
	if q.room == nil && backlog > 0 {
		q.room = make(chan struct{}, backlog)
	}
	return q
}

func (l *local) Do(ctx context.Context, job *Job) (*Outcome, error) {
	q := l.queue(job.Func, job.Backlog)
	if q.room != nil {
		select {
		case q.room <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	jobCtx, end := crossing(ctx)
	defer end()
	a, endReports := attempt(job)
	defer endReports()
	waiting := &localJob{a, jobCtx, make(chan *Outcome, 1)}
	taken := false
	select {
	case q.jobs <- waiting:
		taken = true
	case <-ctx.Done():
	}
	if q.room != nil {
		<-q.room
	}
	if !taken {
		return nil, context.Cause(ctx)
	}
	select {
	case outcome := <-waiting.outcome:
		return outcome, nil
	case <-ctx.Done():
	}
	grace := time.NewTimer(job.Grace)
	defer grace.Stop()
	select {
	case outcome := <-waiting.outcome:
		return outcome, nil
	case <-grace.C:
		return nil, context.Cause(ctx)
	}
}

func (l *local) Serve(ctx context.Context, funcs []string, concurrency int, handle Handler) error {
	var slots sync.WaitGroup
	for _, name := range funcs {
		q := l.queue(name, 0)
		for range concurrency {
			slots.Go(func() {
				for ctx.Err() == nil {
					select {
					case waiting := <-q.jobs:
						waiting.outcome <- handle(waiting.ctx, waiting.attempt)
					case <-ctx.Done():
					}
				}
			})
		}
	}
	slots.Wait()
	return nil
}
