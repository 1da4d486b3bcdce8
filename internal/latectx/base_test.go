package latectx_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/latectx"
)

// own is a context of a user's type.
type own struct {
	context.Context
	done chan struct{}
	err  func() error
}

func (o *own) Done() <-chan struct{} { return o.done }
func (o *own) Err() error            { return o.err() }

// call is what packages task and gather give to Base.
func call(f func(), end func(error)) {
	err := errors.New("exits")
	defer func() {
		if v := recover(); v != nil {
			err = v.(error)
		}
		end(err)
	}()
	f()
	err = nil
}

type valueKey struct{}

// A context of the standard library is its own base, at no cost.
func TestBaseOfWhatIsStandard(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	defer cancel()
	timed, stop := context.WithTimeout(canceled, time.Hour)
	defer stop()
	for name, ctx := range map[string]context.Context{
		"background": context.Background(),
		"todo":       context.TODO(),
		"cancel":     canceled,
		"timeout":    timed,
		"values":     context.WithValue(context.WithValue(timed, valueKey{}, 1), valueKey{}, 2),
		"without":    context.WithoutCancel(timed),
	} {
		assert.True(t, ctx == latectx.Base(ctx, call), name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { latectx.Base(ctx, call) }), name)
	}
	foreign := &own{Context: timed, done: make(chan struct{})}
	assert.NotSame(t, context.Context(foreign), latectx.Base(foreign, call))
	assert.NotSame(t, context.WithValue(foreign, valueKey{}, 1), latectx.Base(context.WithValue(foreign, valueKey{}, 1), call))
}

func TestEndsBefore(t *testing.T) {
	outer, stop := context.WithTimeout(t.Context(), time.Hour)
	defer stop()
	value := context.WithValue(outer, valueKey{}, 1)
	sooner, stopSooner := context.WithTimeout(value, time.Minute)
	defer stopSooner()
	later, stopLater := context.WithTimeout(value, 2*time.Hour)
	defer stopLater()
	user := &own{Context: outer, done: make(chan struct{}), err: func() error { return nil }}
	around, stopAround := context.WithCancel(user)
	defer stopAround()
	detached, stopDetached := context.WithCancel(context.WithoutCancel(sooner))
	defer stopDetached()
	timed, stopTimed := context.WithTimeout(context.WithoutCancel(outer), 2*time.Hour)
	defer stopTimed()
	for name, test := range map[string]struct {
		ctx            context.Context
		before, timely bool // before the deadline of outer, and if that has none
	}{
		"itself":          {outer, false, true},
		"values":          {value, false, true},
		"sooner":          {sooner, true, true},
		"no sooner":       {later, false, true},
		"a user's":        {user, false, true},
		"around a user's": {around, true, true}, // for all that is known
		"detached":        {detached, false, false},
		"its own limit":   {timed, false, true},
	} {
		base := latectx.Base(test.ctx, call)
		assert.Equal(t, test.before, latectx.EndsBefore(base, outer), name)
		assert.Equal(t, test.timely, latectx.EndsBefore(base, nil), name)
	}
	var none context.Context // of a task without a ctx
	assert.False(t, latectx.EndsBefore(none, outer))
	assert.False(t, latectx.EndsBefore(none, nil))
}

func TestDeadlineOfABase(t *testing.T) {
	timed, stop := context.WithTimeout(t.Context(), time.Hour)
	defer stop()
	below, cancel := context.WithCancel(context.WithValue(timed, valueKey{}, 1))
	defer cancel()
	want, _ := timed.Deadline()
	for name, ctx := range map[string]context.Context{
		"its own": timed,
		"around":  below,
		"foreign": &own{Context: timed, done: make(chan struct{})},
	} {
		at, ok := latectx.Deadline(latectx.Base(ctx, call))
		assert.True(t, ok, name)
		assert.Equal(t, want, at, name)
	}
	var none context.Context // of a root
	_, ok := latectx.Deadline(none)
	assert.False(t, ok)
	_, ok = latectx.Deadline(context.Background())
	assert.False(t, ok)
}

// Ended, Cancel and End decide without calling the user's code.
func TestDecisionAsksNobody(t *testing.T) {
	asked := false
	foreign := &own{Context: t.Context(), done: make(chan struct{}), err: func() error { asked = true; return context.DeadlineExceeded }}
	base := latectx.Base(foreign, call)
	var open, late, std latectx.Late
	std.Standard(base)
	assert.False(t, open.Ended(base))
	close(foreign.done)
	<-std.Standard(base).Done() // a goroutine of std, which asks, closes it
	require.True(t, std.Ended(base))
	asked = false
	assert.True(t, open.Ended(base))
	late.Cancel(base, errCancel)
	std.Cancel(base, errCancel)
	assert.False(t, asked)
	for _, l := range []*latectx.Late{&open, &late, &std} {
		err, cause := l.Cause(base)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, context.DeadlineExceeded, cause)
		assert.Equal(t, err, l.Standard(base).Err(), "also for what is derived")
	}
}

// A context that has ended is asked once, and there is an answer whatever it does.
func TestContextThatDoesNotSayWhy(t *testing.T) {
	panics := errors.New("panics")
	for name, test := range map[string]struct {
		err         func(again func() error) error
		want, cause error
	}{
		"says":        {func(func() error) error { return context.DeadlineExceeded }, context.DeadlineExceeded, context.DeadlineExceeded},
		"nil":         {func(func() error) error { return nil }, context.Canceled, context.Canceled},
		"panics":      {func(func() error) error { panic(panics) }, context.Canceled, panics},
		"exits":       {func(func() error) error { runtime.Goexit(); return nil }, context.Canceled, errors.New("exits")},
		"asks itself": {func(again func() error) error { _ = again(); return context.DeadlineExceeded }, context.Canceled, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			foreign := &own{Context: t.Context(), done: make(chan struct{})}
			base := latectx.Base(foreign, call)
			foreign.err = func() error { asked++; return test.err(base.Err) }
			close(foreign.done)
			var l, std latectx.Late
			<-std.Standard(base).Done()
			for range 3 {
				err, cause := l.Cause(base)
				assert.Equal(t, test.want, err)
				assert.Equal(t, test.cause, cause)
				assert.Equal(t, test.want, std.Standard(base).Err())
				assert.Equal(t, test.cause, context.Cause(std.Standard(base)))
			}
			assert.LessOrEqual(t, asked, 2)
		})
	}
}

// A type around a standard context, with the same channel, ends when that context ends.
func TestContextWithTheChannelOfAnother(t *testing.T) {
	canceled, cancel := context.WithCancelCause(t.Context())
	foreign := &own{Context: canceled, err: func() error { panic("not to be asked") }}
	foreign.done = nil
	base := latectx.Base(embedded{foreign, canceled}, call)
	var l latectx.Late
	assert.NoError(t, l.Err(base))
	cancel(errBase)
	err, cause := l.Cause(base)
	assert.Equal(t, context.Canceled, err)
	assert.Equal(t, errBase, cause)
}

// embedded is a foreign with the channel of a standard context.
type embedded struct {
	*own
	of context.Context
}

func (e embedded) Done() <-chan struct{} { return e.of.Done() }
