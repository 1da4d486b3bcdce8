package watch

import (
	"context"
	"errors"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task"
)

// Options are the settings of a watch.
type Options struct {
	Fetch    func(context.Context, Request) (Answer, error)
	Interval time.Duration // between an answer and the next question
	Count    int           // how many answers end the watch; 0 for no limit

	Keys    <-chan Key      // closed when the terminal has gone; nil if it has no keys
	Changed <-chan struct{} // has an element when the terminal may have another size, or may have been written to
	Size    func() (columns, lines int)
	Suspend func() error // returns when the program is continued, and restores the terminal
	Painter *Painter
}

// Run shows m until a key or ctx ends it. It returns an error of the first question,
// because it makes no sense to wait for a program that can't be inspected. Later errors
// are shown, and the question is repeated, unless the process has ended. Run also
// returns a failure to paint.
func Run(ctx context.Context, m *Model, o Options) error {
	l := &loop{Options: o, model: m, answers: make(chan answered, 1)}
	m.Resize(o.Size())
	_, err := task.Run(ctx, func(ctx context.Context) (none struct{}, err error) {
		return none, l.run(ctx)
	}, task.Name("top"))
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // interrupted, which is a normal end
	}
	return err
}

type answered struct {
	to  Request
	is  Answer
	err error
}

type loop struct {
	Options
	model   *Model
	answers chan answered
	asking  bool // a question has been sent
	again   bool // another one must follow at once
	count   int
}

func (l *loop) run(ctx context.Context) error {
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		action := Stay
		select {
		case <-ctx.Done():
			return ctx.Err()
		case key, ok := <-l.Keys:
			if !ok {
				return nil // the terminal has gone
			}
			action = l.model.Press(key)
		case <-l.Changed:
			action = Repaint
		case <-due.C:
			if !l.model.Paused() {
				l.ask(ctx)
			}
		case a := <-l.answers:
			l.asking = false
			due.Reset(l.Interval)
			wanted, err := l.take(a)
			if err != nil {
				return err
			}
			if l.again || !wanted {
				action = Ask
			}
		}
		switch action {
		case Quit:
			return nil
		case Ask:
			l.ask(ctx)
		case Suspend:
			if err := l.Suspend(); err != nil {
				return err
			}
			l.Painter.Forget()
		case Repaint:
			l.Painter.Forget()
		}
		if l.model.Resize(l.Size()) {
			l.Painter.Forget()
		}
		if err := l.Painter.Paint(l.model.Frame(), l.model.width); err != nil {
			return err
		}
		if l.Count > 0 && l.count >= l.Count {
			return nil
		}
	}
}

// take handles an answer. It reports whether the answer was what is wanted.
func (l *loop) take(a answered) (wanted bool, err error) {
	gone := new(remote.GoneError)
	switch {
	case a.err == nil:
		l.count++
		return l.model.Take(a.to, a.is, time.Now()), nil
	case !l.model.known, errors.As(a.err, &gone):
		return true, a.err
	}
	return !l.model.Fail(a.to, a.err, time.Now()), nil
}

// ask asks for what is wanted, one question at a time.
func (l *loop) ask(ctx context.Context) {
	if l.again = l.asking; l.asking {
		return
	}
	l.asking = true
	to := l.model.Want()
	task.Go(ctx, func(ctx context.Context) (Answer, error) { return l.Fetch(ctx, to) }, task.Name("look")).
		OnDone(func(t *task.Task[Answer]) {
			is, err := t.Result()
			l.answers <- answered{to, is, err}
		})
}
