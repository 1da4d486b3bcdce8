package watch_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
)

// A screen is a terminal without a user.
type screen struct {
	watch.Options
	keys  chan watch.Key
	ended chan error

	mu    sync.Mutex
	out   bytes.Buffer
	looks int
	fail  error // the error of a look
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *screen) look(_ context.Context, r watch.Request) (watch.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return tasks(1, 20).answer(r), s.fail
}

func (s *screen) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *screen) looked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

func start(t *testing.T, ctx context.Context, change func(*screen)) *screen {
	t.Helper()
	s := &screen{keys: make(chan watch.Key), ended: make(chan error, 1)}
	s.Options = watch.Options{
		Interval: time.Second,
		Keys:     s.keys,
		Size:     func() (int, int) { return 70, 10 },
		Painter:  &watch.Painter{Out: s},
		Fetch:    s.look,
	}
	if change != nil {
		change(s)
	}
	go func() { s.ended <- watch.Run(ctx, &watch.Model{Name: "a program"}, s.Options) }()
	synctest.Wait()
	return s
}

// after calls a function, and returns what is written until nothing more happens.
func (s *screen) after(do func()) string {
	s.mu.Lock()
	s.out.Reset()
	s.mu.Unlock()
	do()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func TestRunPaintsWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, t.Context(), nil)
		assert.Contains(t, s.after(func() { s.keys <- watch.CtrlL }), "job 6")
		assert.Equal(t, 1, s.looked())
		assert.Empty(t, s.after(func() { time.Sleep(time.Second) }), "nothing has changed")
		assert.Equal(t, 2, s.looked())

		moved := s.after(func() { s.keys <- watch.Down })
		assert.NotContains(t, moved, "job 3", "two lines have changed")
		assert.Contains(t, moved, "job 2")
		assert.Equal(t, 2, s.looked(), "the server has nothing to do with it")

		s.after(func() { s.keys <- "s" })
		assert.Equal(t, 3, s.looked(), "what is wanted is asked for at once")
		s.after(func() { s.keys <- "p" })
		looks := s.looked()
		s.after(func() { time.Sleep(time.Minute) })
		assert.Equal(t, looks, s.looked(), "paused")
		s.after(func() { s.keys <- "p" })
		assert.Equal(t, looks+1, s.looked())
		s.keys <- "q"
		require.NoError(t, <-s.ended)
	})
}

func TestRunSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, t.Context(), nil)
		s.failWith(errors.New("nobody is there"))
		assert.Contains(t, s.after(func() { time.Sleep(time.Second) }), "nobody is there; trying again")
		assert.Empty(t, s.after(func() { time.Sleep(time.Minute) }), "it is said once")
		s.failWith(nil)
		assert.Contains(t, s.after(func() { time.Sleep(time.Second) }), "connected again")
		s.failWith(&remote.GoneError{PID: 7})
		time.Sleep(time.Second)
		require.EqualError(t, <-s.ended, "there is no process 7", "which will not be back")
	})
}

func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := errors.New("wrong")
		s := start(t, t.Context(), func(s *screen) { s.fail = wrong })
		require.ErrorIs(t, <-s.ended, wrong, "at the first failure, which is not that of a restart")

		ctx, cancel := context.WithCancel(t.Context())
		s = start(t, ctx, nil)
		cancel()
		require.NoError(t, <-s.ended)

		s = start(t, t.Context(), nil)
		close(s.keys)
		require.NoError(t, <-s.ended, "the terminal has gone")

		s = start(t, t.Context(), func(s *screen) { s.Count = 3 })
		time.Sleep(2 * time.Second)
		require.NoError(t, <-s.ended)
		assert.Equal(t, 3, s.looked())

		s = start(t, t.Context(), func(s *screen) { s.Suspend = func() error { return wrong } })
		s.keys <- watch.CtrlZ
		require.ErrorIs(t, <-s.ended, wrong)
	})
}

// A slow server gets one question at a time, and next the one that matters.
func TestRunAsksOneThingAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		s := start(t, t.Context(), func(s *screen) {
			s.Fetch = func(_ context.Context, r watch.Request) (watch.Answer, error) {
				mu.Lock()
				asked = append(asked, r.Query.Sort)
				mu.Unlock()
				time.Sleep(10 * time.Second)
				return tasks(1, 20).answer(r), nil
			}
		})
		s.after(func() { time.Sleep(10 * time.Second) })
		s.after(func() { s.keys <- "s" })
		s.after(func() { s.keys <- "s" })
		s.after(func() { s.keys <- "s" })
		s.after(func() { time.Sleep(15 * time.Second) })
		mu.Lock()
		assert.Equal(t, []string{"", "age", "state"}, asked)
		mu.Unlock()
		s.keys <- "q"
		require.NoError(t, <-s.ended)
	})
}

func TestRunPaintsAnewWhenTheTerminalHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changed := make(chan struct{})
		var lines atomic.Int64
		lines.Store(10)
		s := start(t, t.Context(), func(s *screen) {
			s.Changed = changed
			s.Size = func() (int, int) { return 70, int(lines.Load()) }
		})
		assert.Contains(t, s.after(func() { changed <- struct{}{} }), "\x1b[2J")
		lines.Store(14)
		assert.Contains(t, s.after(func() { changed <- struct{}{} }), "job 10")
		s.keys <- "q"
		require.NoError(t, <-s.ended)
	})
}
