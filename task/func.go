package task

import (
	"context"
	"runtime"
)

// Func is the body of a task, which Python writes as a coroutine function.
//
// Its ctx is the task's own: it is cancelled when the task is. It descends from
// a ctxvar.NewContext, so pprof.Do and ctxvar.FromContext work on it. A
// function without a result is a Func[struct{}]; see also [Start].
type Func[T any] func(ctx context.Context) (T, error)

// Call calls fn(ctx) in the calling goroutine, and then calls end, exactly once
// and in the same goroutine, with the outcome:
//
//   - If fn returned, with the value and the error that it returned.
//   - If fn panicked, with the zero value and a [*PanicError]. The panic is
//     recovered, and Call returns.
//   - If fn called [runtime.Goexit], with the zero value and [ErrGoexit].
//     Nothing can stop a Goexit, so end runs while the goroutine is exiting,
//     and Call does not return.
//
// Call starts no goroutine and copies no variables. It is the part of a task
// that another scheduler needs, and corresponds to the try statement around one
// step of an asyncio.Task. It panics with [ErrNilFunc] if fn is nil.
func (fn Func[T]) Call(ctx context.Context, end func(value T, err error)) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	var e ending[T]
	defer func() {
		_, err := howEnded(e.err)
		end(e.value, err)
	}()
	e.run(ctx, fn)
}

// An ending distinguishes the ways in which a function can end; no other code
// does. A caller defers its own use of the ending before it calls run, because
// after a Goexit only deferred calls are made.
//
// That the function did not return is recorded in err, as exited or a
// *recovered, so it costs a task no memory of its own.
type ending[T any] struct {
	value T
	err   error
}

// exited is the err of an ending until the function returns or a panic is
// recovered.
var exited error = new(exit)

type exit struct{ _ byte }

func (*exit) Error() string { return ErrGoexit.Error() }

// A recovered is a PanicError that the function itself panicked with, as
// opposed to one that it returned.
type recovered PanicError

func (r *recovered) Error() string { return (*PanicError)(r).Error() }

// A how is the way in which a function ended.
type how int

const (
	returned how = iota
	panicked
	goexited
)

// howEnded returns the way in which a function whose ending has err ended, and the
// error for the user.
func howEnded(err error) (how, error) {
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
		// The panic was recovered, because the goroutine is not exiting, and
		// yet recover returned nil: panic(nil) under GODEBUG=panicnil=1.
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
