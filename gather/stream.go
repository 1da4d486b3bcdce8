package gather

import (
	"context"
	"iter"
	"runtime"
)

// Stream calls fn for each item of in, concurrently, and yields the results in
// the order in which the jobs end, or with [Ordered] in the order of in. Each
// call is a job, with its own copy of the variables of the goroutine that
// ranges over the stream.
//
//	for page, err := range gather.Stream(ctx, urls, fetch, gather.Limit(8)) {
//
// The input may be infinite. Items are taken from it only as the loop makes
// progress: [Limit] of them run at once, or runtime.GOMAXPROCS without it, and
// at most as many results again, or as many as [Buffer] says, wait for the
// loop. So memory stays bounded however long the input is. (While items pass
// within microseconds and the loop waits for them, more are taken, up to 1,024,
// which is a few milliseconds of work.) A goroutine of its own, also with a
// copy of the caller's variables, iterates over the input.
//
// A job that fails yields the zero value and a [*JobError], and the stream goes
// on. With OnError([FailFast]) or [StopAfter], the stream ends after the
// failure that reaches the limit.
//
// When the loop ends, in whatever way, the jobs that still run are cancelled.
// The range statement is over once they have ended and the input has returned,
// so no goroutine remains. An input that blocks in its own code then delays the
// end of the loop. [FromChan] makes an input that never does, and neither does
// a Stream as the input of another one.
//
// When ctx is cancelled, no more items are taken from the input. Those already
// taken are still yielded, with an error that matches [ErrNotStarted] for each
// job that had not started. The last yield is one more such error, without an
// item, which says that the stream is incomplete. None of these errors ends the
// stream under FailFast or StopAfter, and neither does a job that gives up
// because ctx was cancelled.
//
// A panic of the input continues in the loop, as a [*task.PanicError]. The
// stream may be ranged over again if in may. Stream panics with a [*UsageError]
// if in or fn is nil, or if an option is for another type of item.
func Stream[T, R any](ctx context.Context, in iter.Seq[T], fn func(context.Context, T) (R, error), opts ...Option) iter.Seq2[R, error] {
	if in == nil {
		panic(&UsageError{Func: "gather.Stream", Problem: "nil input; pass a sequence, as slices.Values(items)"})
	}
	if fn == nil {
		panic(nilFunc("Stream"))
	}
	checkCtx("Stream", ctx) // here and not in the loop
	c := configure(&collectAll, opts)
	limit := c.limit
	if limit == 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	name := namer[T]("Stream", c)
	newGate[T]("Stream", c) // so that a mistake panics here and not in the loop
	return func(yield func(R, error) bool) {
		f := &flow[T, R]{
			ctx:      safe("Stream", ctx),
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
