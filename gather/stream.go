package gather

import (
	"context"
	"iter"
	"runtime"
)

// Stream calls fn for each item of in, concurrently, and returns the results as
// the jobs end, or with [Ordered] in the order of in. Each call is a job, with a
// copy of its own of the variables that the goroutine which ranges over the
// stream has.
//
//	for page, err := range gather.Stream(ctx, urls, fetch, gather.Limit(8)) {
//
// The input may never end. Items are taken from it only as the loop makes
// progress: as many as [Limit] says run at once, runtime.GOMAXPROCS without it,
// and at most as many results again, or what [Buffer] says, wait for the loop.
// So memory stays bounded however long the input is. (While items pass by within
// microseconds and the loop waits for them, more are taken, up to 1,024: a few
// milliseconds' worth.) The input is iterated over
// in a goroutine of its own, in a copy of the caller's variables too.
//
// A job that fails gives the zero value and a [*JobError], and the stream goes
// on. With OnError([FailFast]) or [StopAfter] it ends after the failure that is
// one too many.
//
// When the loop ends, in whatever way, the jobs that still run are cancelled,
// and the range statement is over once they have ended and the input has
// returned: no goroutine is left. An input that is blocked in its own code then
// holds up the end of the loop. [FromChan] makes one that never does, and a
// Stream as the input of another one does not either.
//
// When ctx is cancelled nothing is taken from the input any more. What was taken
// is still given, of jobs that had not started as errors that match
// [ErrNotStarted], and last comes one more such error, alone, that says that the
// stream is not complete. None of these ends the stream under FailFast or
// StopAfter, nor does a job that gives up because ctx was cancelled.
//
// A panic of the input goes on in the loop, as a [*task.PanicError]. The stream
// may be ranged over again if in may. Stream panics with a [*UsageError] if in
// or fn is nil, or an option is for another type of item.
func Stream[T, R any](ctx context.Context, in iter.Seq[T], fn func(context.Context, T) (R, error), opts ...Option) iter.Seq2[R, error] {
	if in == nil {
		panic(&UsageError{Func: "Stream", Problem: "nil input; pass a sequence, as slices.Values(items)"})
	}
	if fn == nil {
		panic(nilFunc("Stream"))
	}
	c := configure(&collectAll, opts)
	limit := c.limit
	if limit == 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	name := namer[T]("Stream", c)
	newGate[T]("Stream", c) // so that a mistake shows here and not in the loop
	return func(yield func(R, error) bool) {
		f := &flow[T, R]{
			ctx:      ctx,
			fn:       withOptions(fn, c),
			limit:    limit,
			pace:     newPace(limit, c.buffer),
			ordered:  c.ordered,
			policy:   c.policy,
			name:     name,
			gate:     newGate[T]("Stream", c),
			progress: newReporter(c.progress, -1),
		}
		f.run(in, yield)
	}
}
