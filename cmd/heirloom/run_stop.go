package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A stopper ends a run when the program is told to end.
type stopper struct {
	ctx     context.Context // cancelled at the first signal, which its cause tells
	hurry   chan struct{}   // closed at the second
	cancel  context.CancelCauseFunc
	signals chan os.Signal
}

func newStopper(parent context.Context, say func(string)) *stopper {
	s := &stopper{hurry: make(chan struct{}), signals: make(chan os.Signal, 2)}
	s.ctx, s.cancel = context.WithCancelCause(parent)
	signal.Notify(s.signals, endSignals()...)
	go s.wait(say)
	return s
}

// wait ends with end, or with the second signal.
func (s *stopper) wait(say func(string)) {
	first, ok := <-s.signals
	if !ok {
		return
	}
	by := &jobs.Interrupted{Signal: first}
	say(by.Error() + ": waiting for jobs to end; once more to kill them")
	s.cancel(by)
	if _, ok := <-s.signals; ok {
		say("killing what is left")
		close(s.hurry)
	}
}

func (s *stopper) end() {
	signal.Stop(s.signals)
	close(s.signals) // nothing is sent to it once Stop has returned
	s.cancel(nil)
}
