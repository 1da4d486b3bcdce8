package latectx

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A context may be of any type, with methods that do anything: panic, block, or
// call back. Code that decides that one of our contexts has ended holds locks,
// and may do so on behalf of goroutines other than those that were given the
// context. So no decision calls a method of such a type. It looks at the Done
// channel, which was requested once. Only code that needs the reason calls the
// context.

// Ended is what our contexts implement when they are the bases of others.
type Ended interface {
	context.Context

	// Ended reports whether the context is done. It does not call the user's
	// code.
	Ended() bool

	// Why returns Err and Cause, and may call the user's code.
	Why() (err, cause error)

	// Base returns the context's own base, or nil.
	Base() context.Context
}

// IsDone reports whether base, a result of [Base], is done. It does not call
// the user's code.
func IsDone(base context.Context) bool {
	if ours, ok := base.(Ended); ok {
		return ours.Ended()
	}
	return base.Err() != nil
}

// why returns the error and the cause of ctx, which is done.
func why(ctx context.Context) (err, cause error) {
	if ours, ok := ctx.(Ended); ok {
		return ours.Why()
	}
	return ctx.Err(), context.Cause(ctx)
}

// Call calls f in the calling goroutine, and then end with the error of f's
// panic or Goexit, or with nil, like the Call of a task.Func.
type Call func(f func(), end func(error))

// Base returns ctx in a form that can be a base. That is ctx itself if it is
// one of our contexts, or one of the standard library that knows by itself
// whether it is done. In all other cases the base costs an allocation, and
// calls the methods of ctx through call.
//
// Base itself calls Done, Deadline and Value of such a ctx.
func Base(ctx context.Context, call Call) context.Context {
	if _, ours := ctx.(Ended); ours || isStandard(ctx) {
		return ctx
	}
	done := ctx.Done()
	f := &foreign{Context: ctx, done: done, call: call}
	f.at, f.timed = ctx.Deadline()
	if done == nil {
		return f
	}
	if ours, ok := ctx.Value(nearestKey{}).(Ended); ok && ours.Done() == done {
		f.inner, f.same = ours, true
	} else if std, ok := ctx.Value(cancelKey).(context.Context); ok && cancelKey != nil {
		f.inner, f.same = std, std.Done() == done
	}
	return f
}

type nearestKey struct{}

// AsksNearest reports whether key is the one with which Base finds the nearest
// of our contexts around a context of another type. Our contexts answer it with
// themselves.
func AsksNearest(key any) bool { return key == nearestKey{} }

// Nearest returns the nearest of our contexts whose end is the end of ctx too, or nil
// if there is none. It may call the user's code.
func Nearest(ctx context.Context) Ended {
	for ctx != nil {
		if f, ok := ctx.(*foreign); ok {
			ctx = f.Context
			continue
		}
		if ours, ok := ctx.(Ended); ok {
			return ours
		}
		// A context.WithoutCancel in between hides these, and not ours.
		std, ok := ctx.Value(cancelKey).(context.Context)
		if !ok {
			return nil
		}
		if ours, ok := ctx.Value(nearestKey{}).(Ended); ok && ours.Value(cancelKey) == std {
			return ours
		}
		ctx = around(std)
	}
	return nil
}

// Deadline returns the deadline of base, which may be nil, as far as it is
// known without calling the user's code.
func Deadline(base context.Context) (time.Time, bool) {
	for base != nil {
		if f, ok := base.(*foreign); ok {
			return f.at, f.timed
		}
		if reflect.TypeOf(base) == timerType {
			return base.Deadline()
		}
		if ours, ok := base.(Ended); ok {
			base = ours.Base()
		} else {
			base = around(base)
		}
	}
	return time.Time{}, false
}

// EndsBefore reports whether base, which may be nil, may end by a deadline that is
// before that of outer, a context around it or nil, or of which outer has none. It
// does not call the user's code. So it also reports true if there is a context of
// another type between the two that was not made a base itself: that may have a
// deadline.
func EndsBefore(base, outer context.Context) bool {
	for base != nil && base != outer {
		var at time.Time
		switch f, foreign := base.(*foreign); {
		case foreign && !f.timed:
			return false
		case foreign:
			at = f.at
		case reflect.TypeOf(base) == timerType:
			at, _ = base.Deadline()
		default:
			switch reflect.TypeOf(base) {
			case backgroundType, todoType, withoutType:
				return false
			}
			if ours, ok := base.(Ended); ok {
				base = ours.Base()
			} else if base = around(base); base == nil {
				return true
			}
			continue
		}
		last, limited := Deadline(outer)
		return !limited || at.Before(last)
	}
	return false
}

// The types of the standard library's contexts, by which Base and Deadline
// recognise them.
var (
	valueType  = reflect.TypeOf(context.WithValue(context.Background(), nearestKey{}, nil))
	cancelType = typeOf(context.WithCancel(context.Background()))
	timerType  = typeOf(context.WithTimeout(context.Background(), time.Hour))

	// These never end.
	backgroundType = reflect.TypeOf(context.Background())
	todoType       = reflect.TypeOf(context.TODO())
	withoutType    = reflect.TypeOf(context.WithoutCancel(context.Background()))
)

func typeOf(ctx context.Context, stop context.CancelFunc) reflect.Type {
	stop()
	return reflect.TypeOf(ctx)
}

// isStandard reports whether ctx never ends, or was made by
// [context.WithCancel] or a similar function, or is such a context with values
// added.
func isStandard(ctx context.Context) bool {
	for ctx != nil {
		switch reflect.TypeOf(ctx) {
		case cancelType, timerType, backgroundType, todoType, withoutType:
			return true
		case valueType:
			ctx = around(ctx)
		default:
			return false
		}
	}
	return false
}

// around returns the context from which ctx, one of the standard library's, was
// derived, or nil if that is not visible.
func around(ctx context.Context) context.Context {
	switch reflect.TypeOf(ctx) {
	case cancelType, valueType:
		if f := reflect.ValueOf(ctx).Elem().Field(0); f.Kind() == reflect.Interface && f.CanInterface() {
			outer, _ := f.Interface().(context.Context)
			return outer
		}
	}
	return nil
}

// A foreign is a context of another type in the role of a base. It is done when
// the channel is closed. The context is asked for the reason once.
type foreign struct {
	context.Context
	done  <-chan struct{}
	inner context.Context // the nearest around Context that is ours, or standard; or nil
	same  bool            // inner has the same channel, and so the same reason
	timed bool
	at    time.Time
	call  Call

	asking   sync.Once
	answered chan struct{}
	asker    atomic.Uint64 // the goroutine that asks
	reason   atomic.Pointer[reason]
}

var _ Ended = (*foreign)(nil)

// A reason says why a foreign ended.
type reason struct {
	err, cause error
	std        context.Context // a standard context that ended for this reason, if inner did not; or nil
}

func (f *foreign) Ended() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// Why asks the context why it is done, unless it has already answered.
//
// A context that does not answer counts as cancelled. If its method does not
// return, the cause is the error of that. If the context, while being asked,
// itself asks something that has ended because of it, this is the only possible
// answer.
func (f *foreign) Why() (err, cause error) {
	switch {
	case !f.Ended():
		return nil, nil
	case f.same:
		return why(f.inner)
	case f.reason.Load() == nil:
		f.asking.Do(func() {
			f.answered = make(chan struct{})
			go f.ask()
		})
		if f.asker.Load() == gls.Goroutine() {
			f.record(nil, nil)
		} else {
			<-f.answered
		}
	}
	t := f.reason.Load()
	return t.err, t.cause
}

// ask runs in a goroutine of its own: a Goexit must not end a goroutine that
// has more to do, such as that of a standard context that is to end when f
// does.
func (f *foreign) ask() {
	defer close(f.answered)
	f.asker.Store(gls.Goroutine())
	var err, cause error
	f.call(func() {
		err = f.Context.Err()
		cause = context.Cause(f.Context)
	}, func(fault error) {
		if fault != nil {
			err, cause = nil, fault
		}
		f.record(err, cause)
	})
}

// record records why f is done, if that is not known yet.
func (f *foreign) record(err, cause error) {
	t := &reason{err, cause, nil}
	switch {
	case err == nil:
		t.err = context.Canceled
		if cause == nil {
			t.cause = t.err
		}
		t.std = done(t.err, t.cause)
	case cause == nil: // f is inside one that is not done
		t.cause = err
	}
	f.reason.CompareAndSwap(nil, t)
}

func (f *foreign) Base() context.Context { return nil }

func (f *foreign) Done() <-chan struct{} { return f.done }

func (f *foreign) Deadline() (time.Time, bool) { return f.at, f.timed }

func (f *foreign) Err() error {
	err, _ := f.Why()
	return err
}

func (f *foreign) Value(key any) any {
	if key != cancelKey || cancelKey == nil {
		return f.Context.Value(key)
	}
	if t := f.reason.Load(); t != nil && t.std != nil {
		return t.std.Value(key)
	}
	if f.inner == nil {
		return nil
	}
	return f.inner.Value(key)
}
