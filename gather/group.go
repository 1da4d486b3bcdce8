package gather

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/task"
)

// A Group is a collection of goroutines that work on parts of the same task. It
// is a drop-in for [errgroup.Group]: a program that changes the import needs to
// change nothing else. Each function given to Go runs in a copy, of its own, of
// the variables that the caller of Go had at that moment.
//
// A zero Group is valid, has no limit on the number of active goroutines, and
// cancels nothing on error. A Group must not be copied after first use, and
// should not be reused for a different task.
//
// It differs from errgroup where a function does not return. One that panics
// does not crash the program: Wait returns a [*task.PanicError], as of any other
// error. One that calls [runtime.Goexit] does not pass for a success: Wait
// returns [task.ErrGoexit].
type Group struct {
	group errgroup.Group // counts the goroutines, and limits them
	jobs  *jobContext    // nil in a zero Group

	// The first error is kept here and not in group, which cannot hear of a
	// function that calls Goexit. once orders the write of err before the return
	// of every once.Do, and so before group counts a goroutine that failed as
	// done, and Wait returns.
	once sync.Once
	err  error
}

// WithContext returns a new Group and a context derived from ctx.
//
// The context is cancelled the first time a function given to Go fails, with
// the failure as its cause, or the first time Wait returns, whichever comes
// first.
func WithContext(ctx context.Context) (*Group, context.Context) {
	g := &Group{jobs: new(jobContext)}
	g.jobs.begin(ctx)
	return g, g.jobs
}

// Go calls f in a new goroutine. It blocks until the goroutine can be added
// without there being more of them than the limit.
//
// The first call to Go must happen before a Wait. The first function to fail
// cancels the group's context, if it has one, and its error is what Wait
// returns.
//
// Go panics with a [*UsageError] if f is nil.
func (g *Group) Go(f func() error) {
	if f == nil {
		panic(nilFunc("Group.Go"))
	}
	g.group.Go(func() error { return g.run(f) })
}

// TryGo is Go if the number of active goroutines is below the limit, and does
// nothing otherwise. It reports whether f was started, and never blocks.
func (g *Group) TryGo(f func() error) bool {
	if f == nil {
		panic(nilFunc("Group.TryGo"))
	}
	return g.group.TryGo(func() error { return g.run(f) })
}

// SetLimit limits the number of active goroutines to n. A negative n is no
// limit, and with a limit of 0 no goroutine can be added.
//
// SetLimit must not be called while goroutines of the group are active. It
// panics with a [*UsageError] if it can tell that some are: if there was a limit
// before.
func (g *Group) SetLimit(n int) {
	defer func() {
		if r := recover(); r != nil {
			problem := strings.TrimPrefix(fmt.Sprint(r), "errgroup: ")
			panic(&UsageError{Func: "Group.SetLimit", Problem: problem + "; set it before they start, or after Wait"})
		}
	}()
	g.group.SetLimit(n)
}

// Wait blocks until all functions given to Go have ended, and returns the first
// error of one of them, as it is, or nil.
func (g *Group) Wait() error {
	_ = g.group.Wait() // the error is in g
	if g.jobs != nil {
		g.jobs.cancel(g.err)
	}
	return g.err
}

// run runs f on the calling goroutine. It keeps the error of f to itself.
func (g *Group) run(f func() error) error {
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		return struct{}{}, f()
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil {
			g.fail(err)
		}
	})
	return nil
}

// fail notes that a function failed with err.
func (g *Group) fail(err error) {
	g.once.Do(func() {
		g.err = err
		if g.jobs != nil {
			g.jobs.cancel(err)
		}
	})
}
