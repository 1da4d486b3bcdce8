package task

import (
	"context"
	"runtime"
)

// Func is the body of a task: what Python writes as a coroutine function.
//
// The context it receives is the task's own: it is cancelled when the task is,
// and it descends from ctxvar.NewContext, so that pprof.Do and
// ctxvar.FromContext work on it. A function without a result is a
// Func[struct{}].
type Func[T any] func(ctx context.Context) (T, error)

// Call calls fn(ctx) on the calling goroutine and tells end, exactly once and
// on the same goroutine, how the call ended:
//
//   - it returned: the value and the error that fn returned;
//   - it panicked: the zero value and a [*PanicError]. The panic goes no
//     further, and Call returns;
//   - it called [runtime.Goexit]: the zero value and [ErrGoexit]. Nothing can
//     stop a Goexit, so end runs while the goroutine is on its way out, and
//     Call does not return.
//
// Call starts no goroutine and copies no variables: it is the part of a task
// that another scheduler needs, as the try statement around one step of an
// asyncio.Task is. It panics with [ErrNilFunc] when fn is nil.
func (fn Func[T]) Call(ctx context.Context, end func(value T, err error)) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	var e ending[T]
	defer func() { end(e.value, e.err) }()
	e.run(ctx, fn)
}

// An ending is the one place that tells the ways a function can end from one
// another. A caller defers its own use of the ending before it calls run,
// because after a Goexit only deferred calls still happen.
type ending[T any] struct {
	value T
	err   error
	how   how
}

// how a function ended.
type how uint8

const (
	exited how = iota // called runtime.Goexit: what stands unless something gets to say otherwise
	returned
	panicked
)

func (e *ending[T]) run(ctx context.Context, fn Func[T]) {
	e.err = ErrGoexit
	e.protect(ctx, fn)
	if e.how == exited {
		// A panic was stopped, since we are here and not on the way out, and
		// yet recover had nothing to show: panic(nil) under GODEBUG=panicnil=1.
		e.how, e.err = panicked, newPanicError(new(runtime.PanicNilError))
	}
}

func (e *ending[T]) protect(ctx context.Context, fn Func[T]) {
	defer func() {
		if r := recover(); r != nil {
			e.how, e.err = panicked, newPanicError(r)
		}
	}()
	e.value, e.err = fn(ctx)
	e.how = returned
}
