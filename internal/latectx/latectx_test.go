package latectx_test

//lint:file-ignore SA1012 a Late of a root has no base, which is nil

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var (
	errBase   = errors.New("the base's cause")
	errCancel = errors.New("the cause of a cancellation")
	errLate   = errors.New("too late")
)

// ctx is a context such as packages task and gather make from a Late.
type ctx struct {
	context.Context
	late latectx.Late
}

func (c *ctx) Done() <-chan struct{} { return c.late.Standard(c.Context).Done() }
func (c *ctx) Err() error            { return c.late.Err(c.Context) }
func (c *ctx) Value(key any) any {
	if latectx.IsCancelKey(key) {
		return c.late.Standard(c.Context).Value(key)
	}
	return c.Context.Value(key)
}

// strange is a context of a type of its own, which ends when and how it likes.
type strange struct {
	context.Context
	err error
}

func (s *strange) Err() error            { return s.err }
func (s *strange) Value(any) any         { return nil }
func (s *strange) Done() <-chan struct{} { return make(chan struct{}) }

func TestFirstCauseStands(t *testing.T) {
	errStrange := errors.New("neither of context's own")
	canceled := func(t *testing.T) (context.Context, func()) {
		base, cancel := context.WithCancelCause(t.Context())
		return base, func() { cancel(errBase) }
	}
	expired := func(t *testing.T) (context.Context, func()) {
		base, cancel := context.WithDeadlineCause(t.Context(), time.Now().Add(-time.Second), errBase)
		t.Cleanup(cancel)
		return base, func() {}
	}
	odd := func(t *testing.T) (context.Context, func()) {
		base := &strange{Context: t.Context()}
		return base, func() { base.err = errStrange }
	}
	cancel := func(c *ctx, _ func()) { c.late.Cancel(c.Context, errCancel) }
	end := func(c *ctx, _ func()) { c.late.End(c.Context, latectx.NewEnd(errCancel)) }
	again := func(c *ctx, _ func()) { c.late.Cancel(c.Context, errLate) }
	outer := func(_ *ctx, base func()) { base() }
	look := func(c *ctx, _ func()) { _ = c.Err() }
	ask := func(c *ctx, _ func()) { c.Done() }
	type step = func(*ctx, func())
	for _, test := range []struct {
		name, reason string
		base         func(*testing.T) (context.Context, func())
		steps        []step
		err, cause   error
	}{
		{"cancel", "nothing else happened", canceled, []step{cancel}, context.Canceled, errCancel},
		{"end", "an End is a Cancel", canceled, []step{end}, context.Canceled, errCancel},
		{"cancel twice", "the first one counts", canceled, []step{cancel, again}, context.Canceled, errCancel},
		{"ask, cancel", "std hears of it", canceled, []step{ask, cancel, again}, context.Canceled, errCancel},
		{"ask, end", "std hears of it", canceled, []step{ask, end, again}, context.Canceled, errCancel},
		{"cancel, ask", "std is made to agree", canceled, []step{cancel, ask, again}, context.Canceled, errCancel},
		{"base", "seen when somebody looks", canceled, []step{outer}, context.Canceled, errBase},
		{"base, cancel", "nobody looked in between, and still the base was first", canceled, []step{outer, cancel}, context.Canceled, errBase},
		{"base, end", "likewise", canceled, []step{outer, end}, context.Canceled, errBase},
		{"cancel, base", "the base is not asked any more", canceled, []step{cancel, outer}, context.Canceled, errCancel},
		{"ask, base, cancel", "std knows", canceled, []step{ask, outer, cancel}, context.Canceled, errBase},
		{"cancel, base, ask", "std must not follow the base", canceled, []step{cancel, outer, ask}, context.Canceled, errCancel},
		{"deadline", "the base's error is ours", expired, nil, context.DeadlineExceeded, errBase},
		{"deadline, look, cancel", "what was seen stays", expired, []step{look, cancel}, context.DeadlineExceeded, errBase},
		{"deadline, cancel", "the base was first", expired, []step{cancel}, context.DeadlineExceeded, errBase},
		{"deadline, look, ask", "std has that error too", expired, []step{look, ask, cancel}, context.DeadlineExceeded, errBase},
		{"deadline, ask", "std has that error too", expired, []step{ask, cancel}, context.DeadlineExceeded, errBase},
		{"strange base", "its error is passed on, and is the cause", odd, []step{outer, look, cancel}, errStrange, errStrange},
		{"strange base, ask", "also once there is a std", odd, []step{outer, look, ask, cancel}, errStrange, errStrange},
	} {
		require.NotEmpty(t, test.reason)
		t.Run(test.name, func(t *testing.T) {
			base, finish := test.base(t)
			c := &ctx{Context: base}
			for _, step := range test.steps {
				step(c, finish)
			}
			for range 2 { // asking must change nothing
				assert.Equal(t, test.err, c.Err(), test.reason)
				err, cause := c.late.Cause(base)
				assert.Equal(t, test.err, err, test.reason)
				assert.Equal(t, test.cause, cause, test.reason)
				assert.Equal(t, test.cause, context.Cause(c), test.reason)
				<-c.Done()
			}
			below, stop := context.WithCancel(c)
			defer stop()
			<-below.Done()
			assert.Equal(t, test.err, below.Err(), "what is derived says the same")
			assert.Equal(t, test.cause, context.Cause(below), "what is derived says the same")
		})
	}
}

func TestWithoutBase(t *testing.T) {
	var l latectx.Late
	require.NoError(t, l.Err(nil))
	err, cause := l.Cause(nil)
	assert.NoError(t, err)
	assert.NoError(t, cause)
	std := l.Standard(nil)
	assert.NoError(t, std.Err())
	assert.Same(t, std, l.Standard(nil), "there is one std")
	l.Cancel(nil, errCancel)
	<-std.Done()
	assert.Equal(t, errCancel, context.Cause(std))
}

// A plain Cancel makes the error the cause, as package context does.
func TestCauseIsTheErrorIfThereIsNone(t *testing.T) {
	for _, asked := range []bool{false, true} {
		var l latectx.Late
		if asked {
			l.Standard(nil)
		}
		l.Cancel(nil, nil)
		err, cause := l.Cause(nil)
		assert.Equal(t, context.Canceled, err)
		assert.Equal(t, context.Canceled, cause)
	}
}

func TestManyAtOnceSeeOneOutcome(t *testing.T) {
	for round := range 300 {
		base, cancelBase := context.WithCancelCause(t.Context())
		c := &ctx{Context: base}
		type seen struct{ err, cause error }
		var mu sync.Mutex
		all := map[seen]bool{}
		var wg sync.WaitGroup
		start := make(chan struct{})
		run := func(f func()) {
			wg.Go(func() {
				<-start
				f()
				if err, cause := c.late.Cause(base); err != nil {
					mu.Lock()
					all[seen{err, cause}] = true
					mu.Unlock()
				}
			})
		}
		for range 3 {
			run(func() { c.Done() })
			run(func() { _ = c.Err() })
			run(func() {})
		}
		run(func() { c.late.Cancel(base, errCancel) })
		run(func() { c.late.Cancel(base, errLate) })
		if round%2 == 0 {
			run(func() { cancelBase(errBase) })
		}
		close(start)
		wg.Wait()
		<-c.Done()
		all[seen{c.Err(), context.Cause(c)}] = true
		assert.Len(t, all, 1)
		cancelBase(nil)
	}
}

// A context derived from ours needs no goroutine, because it finds the std.
func TestDerivedContextIsAChildOfStd(t *testing.T) {
	c := &ctx{Context: context.Background()}
	below, stop := context.WithCancel(c)
	defer stop()
	c.late.Cancel(c.Context, errCancel)
	// A child of std is cancelled within Cancel. A goroutine would cancel it some time
	// later.
	assert.ErrorIs(t, below.Err(), context.Canceled)
}

func BenchmarkErr(b *testing.B) {
	b.Run("open", func(b *testing.B) {
		c := &ctx{Context: context.Background()}
		for b.Loop() {
			_ = c.Err()
		}
	})
	b.Run("standard", func(b *testing.B) {
		c := &ctx{Context: context.Background()}
		c.Done()
		for b.Loop() {
			_ = c.Err()
		}
	})
}

// If a goroutine learns of the end of the base by another context that derives from it,
// it finds ours ended too, and Cancel comes too late, whichever of the two the base
// reaches first.
func TestBaseEndsOthersFirst(t *testing.T) {
	for i := range 200 {
		base, finish := context.WithCancelCause(t.Context())
		c := &ctx{Context: base}
		others := make([]context.Context, 100)
		for i := range others {
			if i == len(others)/2 {
				c.Done()
			}
			var stop context.CancelFunc
			others[i], stop = context.WithCancel(base)
			defer stop()
		}
		var wg sync.WaitGroup
		for _, other := range others {
			wg.Go(func() {
				<-other.Done()
				if i%2 == 0 {
					c.late.Cancel(c.Context, errCancel)
				}
				err, cause := c.late.Cause(c.Context)
				assert.Equal(t, context.Canceled, err)
				assert.Equal(t, errBase, cause)
			})
		}
		finish(errBase)
		wg.Wait()
	}
}
