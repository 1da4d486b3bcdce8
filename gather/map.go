package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/task"
)

// Map calls fn for each of items, concurrently, and returns the results in the
// order of the items. Each call is a job: it has its own copy of the caller's
// variables, and its errors are wrapped as in [All], which is Map over
// functions.
//
// All jobs run at once, unless [Limit] or [Weight] says otherwise. The first
// failure cancels the other jobs, unless [OnError] says otherwise, and the
// results are then nil. Under [CollectAll] and [StopAfter], Map returns results
// even with an error; they have the zero value for each job that did not
// succeed.
//
// Map blocks until every started job has ended. Without Limit, Weight or
// [Rate], every job is started, even if the call is cancelled meanwhile. With
// one of them, jobs that have not started by then never do. If the caller
// cancelled ctx, the error then says so and matches [ErrNotStarted], whatever
// the running jobs returned. A job that only gives up because the caller
// cancelled is not a failure to [FailFast] and [StopAfter], but if no job has
// failed, the error reports it.
//
// Without items, Map returns an empty slice at once. It panics with a
// [*UsageError] if fn is nil, or if an option is for another type of item.
func Map[T, R any](ctx context.Context, items []T, fn func(context.Context, T) (R, error), opts ...Option) ([]R, error) {
	if fn == nil {
		panic(nilFunc("Map"))
	}
	return mapItems(ctx, kindMap, items, fn, opts)
}

// Each is [Map] for jobs without results. It returns nil if all jobs succeed, and
// otherwise the error that Map would return.
func Each[T any](ctx context.Context, items []T, fn func(context.Context, T) error, opts ...Option) error {
	if fn == nil {
		panic(nilFunc("Each"))
	}
	_, err := mapItems(ctx, kindEach, items, func(ctx context.Context, item T) (struct{}, error) {
		return struct{}{}, fn(ctx, item)
	}, opts)
	return err
}

func nilFunc(caller string) *UsageError {
	return &UsageError{
		Func:    "gather." + caller,
		Problem: "nil function; pass the function that the jobs are to run",
		Err:     task.ErrNilFunc,
	}
}

func mapItems[T, R any](ctx context.Context, kind kind, items []T, fn func(context.Context, T) (R, error), opts []Option) ([]R, error) {
	c := configure(&failFast, opts)
	ctx = safe(kind.String(), ctx)
	m := &mapping[T, R]{
		batch: batch[T, R]{
			items:   items,
			fn:      withOptions(fn, c),
			limit:   c.limit,
			gate:    newGate[T](kind.String(), c),
			results: make([]R, len(items)),
			quiet:   c.progress == nil,
			kind:    kind,
		},
		failures: failures{policy: c.policy},
		name:     namer[T](kind.String(), c),
		progress: newReporter(c.progress, len(items)),
	}
	m.outcome = m
	started := m.start(ctx)
	err := m.error(ctx, len(items), started)
	m.report(ctx)
	if m.progress.rethrow(ctx, err); err != nil {
		if c.policy == FailFast {
			return nil, err
		}
		return m.results, err
	}
	return m.results, nil
}

// A mapping is the state of one call of [Map], in a single allocation.
type mapping[T, R any] struct {
	batch[T, R]
	failures
	name     func(T) string // nil if jobs have none
	progress *reporter
}

// start calls run. If run does not return, start reports the failures.
func (m *mapping[T, R]) start(ctx context.Context) (started int) {
	returned := false
	defer func() {
		if !returned {
			lost := m.all()
			if how := m.progress.how(); how != nil && how != task.ErrGoexit {
				lost = append(lost, how)
			}
			task.Report(ctx, lost...)
		}
	}()
	started = m.run(ctx)
	returned = true
	return started
}

func (m *mapping[T, R]) notify(i int, _ R, err error, gaveUp bool) {
	defer m.progress.notify(err, &m.jobs) // even if name panics
	if err == nil {
		return
	}
	e := &JobError{Index: i, Err: err}
	defer func() {
		if m.exited.Load() && !panicked(&m.jobs, e) {
			return // the failure is a result of the cancellation
		}
		if last := m.add(&m.jobs, e, gaveUp); last != nil {
			m.jobs.cancel(last)
		}
	}()
	if m.name != nil && !m.full() {
		e.call(func() string { return m.name(m.items[i]) })
	}
}

// withOptions returns fn with the options that apply to each job.
func withOptions[T, R any](fn func(context.Context, T) (R, error), c *config) func(context.Context, T) (R, error) {
	if c.retry.attempts > 1 {
		fn = retrying(fn, c.retry, c.rate)
	}
	if c.timed {
		fn = timing(fn, c.timeout)
	}
	return fn
}

// namer returns the function given to [Name], or nil.
func namer[T any](caller string, c *config) func(T) string {
	if c.name == nil {
		return nil
	}
	return itemFunc[T, string](caller, "Name", c.name)
}
