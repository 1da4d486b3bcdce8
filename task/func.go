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
	defer func() {
		_, err := tell(e.err)
		end(e.value, err)
	}()
	e.run(ctx, fn)
}

// An ending is the one place that tells the ways a function can end from one
// another. A caller defers its own use of the ending before it calls run,
// because after a Goexit only deferred calls still happen.
//
// That the function did not return is told by what is in err, which costs a
// task no memory of its own: exited, or a *recovered.
type ending[T any] struct {
	value T
	err   error
}

// exited is the err of an ending unless something gets to say otherwise.
var exited error = new(exit)

type exit struct{ _ byte }

func (*exit) Error() string { return ErrGoexit.Error() }

// A recovered is a PanicError that this very function panicked with, rather
// than returned.
type recovered PanicError

func (r *recovered) Error() string { return (*PanicError)(r).Error() }

// how a function ended.
type how int

const (
	returned how = iota
	panicked
	goexited
)

// tell returns how a function whose ending has err ended, and the error as the
// user is to see it.
func tell(err error) (how, error) {
	if err == exited {
		return goexited, ErrGoexit
	}
	if r, ok := err.(*recovered); ok {
		return panicked, (*PanicError)(r)
	}
	return returned, err
}

func (e *ending[T]) run(ctx context.Context, fn Func[T]) {
	e.err = exited
	if returned := e.protect(ctx, fn); !returned && e.err == exited {
		// A panic was stopped, since we are here and not on the way out, and
		// yet recover had nothing to show: panic(nil) under GODEBUG=panicnil=1.
		e.err = (*recovered)(newPanicError(new(runtime.PanicNilError)))
	}
}

func (e *ending[T]) protect(ctx context.Context, fn Func[T]) (returned bool) {
	defer func() {
		if r := recover(); r != nil {
			e.err = (*recovered)(newPanicError(r))
		}
	}()
	e.value, e.err = fn(ctx)
	return true
}
