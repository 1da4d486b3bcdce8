package gather

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// Batch returns the items of in, in their order, in batches of n. It makes the
// input of a [Stream] whose jobs work better on many items at once, such as
// jobs that insert rows with one statement.
//
//	batches := gather.Batch(rows, 500, time.Second)
//	for _, err := range gather.Stream(ctx, batches, insert) {
//
// A batch is yielded when it has n items, when maxWait has passed since its
// first item arrived, or when in has ended. It is never empty, and belongs to
// the receiver. A maxWait of 0 means no time limit. While the body of the loop
// over the batches runs, at most one item is taken from in, which counts as
// arriving when the body has ended.
//
// With a maxWait, Batch iterates over in in a goroutine of its own, with a copy
// of the variables of the goroutine that ranges over the batches. If that
// goroutine breaks out of the loop, the loop ends once in has returned, as with
// a Stream; [FromChan] and Stream return at once. A panic of in continues in
// the loop, as a [*task.PanicError]; items of an incomplete batch are then
// lost.
//
// To batch the items of a slice, for [Map], use [slices.Chunk].
//
// Batch panics with a [*UsageError] if in is nil, n is less than 1 or maxWait
// is negative.
func Batch[T any](in iter.Seq[T], n int, maxWait time.Duration) iter.Seq[[]T] {
	switch {
	case in == nil:
		panic(&UsageError{Func: "gather.Batch", Problem: "nil input; pass a sequence, as slices.Values(items)"})
	case n < 1:
		panic(&UsageError{Func: "gather.Batch", Problem: fmt.Sprintf("batches of %d items; at least 1 must be in each", n)})
	case maxWait < 0:
		panic(&UsageError{Func: "gather.Batch", Problem: fmt.Sprintf("wait of at most %v; it must not be negative, and 0 is no limit", maxWait)})
	case maxWait == 0:
		return chunks(in, n)
	}
	return func(yield func([]T) bool) {
		b := &batcher[T]{items: make(chan T), n: n, wait: maxWait}
		b.run(in, yield)
	}
}

// maxReserved bounds the capacity that is allocated for a batch in advance.
const maxReserved = 1 << 10

// chunks returns the items of in in batches of n.
func chunks[T any](in iter.Seq[T], n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var batch []T
		for item := range in {
			if batch == nil {
				batch = make([]T, 0, min(n, maxReserved))
			}
			if batch = append(batch, item); len(batch) == n {
				if !yield(batch) {
					return
				}
				batch = nil
			}
		}
		if batch != nil {
			yield(batch)
		}
	}
}

// A batcher is one loop over batches with a time limit. The goroutine of the
// loop fills the batches; another goroutine iterates over the input.
type batcher[T any] struct {
	n     int
	wait  time.Duration
	items chan T // closed when the input has ended
	input error  // how, if it did not return; written before items is closed
}

// run passes the batches to yield. When it returns, or yield panics or calls
// Goexit, the input has ended.
func (b *batcher[T]) run(in iter.Seq[T], yield func([]T) bool) {
	outer := context.Background()
	if f := feedHere(); f != nil {
		outer = f.ctx // the input has to end with the stream that it is part of
	}
	ctx, cancel := context.WithCancel(outer)
	returned := false
	defer func() {
		cancel()
		for range b.items { // until it is closed
		}
		if !returned && b.input != nil && b.input != task.ErrGoexit {
			task.Report(outer, b.input) // yield's own panic goes on
		}
	}()
	go b.feed(ctx, in)
	b.consume(yield)
	cancel()
	for range b.items {
	}
	returned = true
	if b.input != nil {
		goOn(b.input)
	}
}

// feed passes on the items of in.
func (b *batcher[T]) feed(ctx context.Context, in iter.Seq[T]) {
	defer close(b.items)
	task.Func[struct{}](func(ctx context.Context) (struct{}, error) {
		(&feed{ctx: ctx}).run(func() {
			for item := range in {
				select {
				case b.items <- item:
				case <-ctx.Done():
					return
				}
			}
		})
		return struct{}{}, nil
	}).Call(ctx, func(_ struct{}, err error) { b.input = err })
}

// consume makes batches of the items and passes them to yield, until there are
// no more or yield returns false.
func (b *batcher[T]) consume(yield func([]T) bool) {
	late := time.NewTimer(b.wait)
	late.Stop() // nothing waits yet
	defer late.Stop()
	var batch []T
	for {
		select {
		case item, ok := <-b.items:
			switch {
			case !ok:
				if batch != nil && b.input == nil {
					yield(batch)
				}
				return
			case batch == nil:
				batch = make([]T, 0, min(b.n, maxReserved))
				late.Reset(b.wait)
			}
			if batch = append(batch, item); len(batch) < b.n {
				continue
			}
			late.Stop()
		case <-late.C: // since the first item of batch
		}
		if !yield(batch) {
			return
		}
		batch = nil
	}
}
