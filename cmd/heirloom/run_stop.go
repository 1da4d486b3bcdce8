package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A stopper ends a run when the program receives a signal to end.
type stopper struct {
	ctx     context.Context // cancelled at the first signal, or at the second if the first only drains; its cause says which
	drain   chan struct{}   // closed at the first signal if that signal only drains; nil otherwise
	hurry   chan struct{}   // closed at the signal after the one that cancels ctx
	cancel  context.CancelCauseFunc
	signals chan os.Signal
	texts   stopTexts
	waiting sync.WaitGroup                   // for wait
	by      atomic.Pointer[jobs.Interrupted] // the signal that drained
}

// stopTexts are a stopper's messages about the signals that end a run.
type stopTexts struct{ first, second string }

func newStopper(parent context.Context, say func(string), texts stopTexts, drain bool) *stopper {
	s := &stopper{texts: texts, hurry: make(chan struct{}), signals: takeSignals()}
	if drain {
		s.drain = make(chan struct{})
	}
	s.ctx, s.cancel = context.WithCancelCause(parent)
	signal.Notify(s.signals, endSignals()...)
	s.waiting.Go(func() { s.wait(say) })
	return s
}

// wait returns when end is called, or after the last signal that has an effect.
func (s *stopper) wait(say func(string)) {
	next, ok := <-s.signals
	if ok && s.drain != nil {
		by := &jobs.Interrupted{Signal: next}
		s.by.Store(by)
		close(s.drain) // before the message, so that the message is true
		say(by.Error() + ": starting no more jobs; once more to end those that run")
		next, ok = <-s.signals
	}
	if !ok {
		return
	}
	by := &jobs.Interrupted{Signal: next}
	say(by.Error() + ": " + s.texts.first)
	s.cancel(by)
	if _, ok := <-s.signals; ok {
		say(s.texts.second)
		close(s.hurry)
	}
}

// drained reports whether a signal has kept jobs from being started.
func (s *stopper) drained() bool { return s.by.Load() != nil }

func (s *stopper) end() {
	signal.Stop(s.signals)
	close(s.signals) // nothing is sent to it after Stop has returned
	s.waiting.Wait()
	s.cancel(nil)
	if outside != nil {
		endAtSignals()
	}
}

// outside hands over the signals that endAtSignals waits for. It is nil where main does
// not run, as in tests.
var outside chan chan os.Signal

// endAtSignals ends the program at the first signal to end, until a stopper takes the
// signals over: before there are jobs, and after. Go's runtime would print all goroutines
// at SIGQUIT, for as long as the jobs are being read.
func endAtSignals() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	go func() {
		select {
		case next := <-signals:
			by := &jobs.Interrupted{Signal: next}
			fmt.Fprintln(os.Stderr, "heirloom:", by)
			os.Exit(by.ExitCode())
		case outside <- signals:
		}
	}()
}

// takeSignals returns a channel for signals, with the one in it that has just come.
func takeSignals() chan os.Signal {
	if outside == nil {
		return make(chan os.Signal, 2)
	}
	return <-outside
}
