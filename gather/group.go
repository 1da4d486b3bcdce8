package gather

import (
	"context"
	"fmt"
	"sync"

	"github.com/heirloom-go/heirloom/task"
)

// A Group is a collection of goroutines that work on parts of the same task. It
// is a drop-in for errgroup.Group of [golang.org/x/sync/errgroup]: a program
// that changes the import needs to change nothing else. Each function given to
// Go runs in a copy, of its own, of the variables that the caller of Go had at
// that moment.
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
	cancel  context.CancelCauseFunc // nil in a zero Group
	running sync.WaitGroup
	slots   chan struct{} // has a value for each active goroutine; nil if there is no limit

	// once orders the write of err before every return of once.Do, and so
	// before any goroutine that failed is done, and Wait returns.
	once sync.Once
	err  error
}

// WithContext returns a new Group and a context derived from ctx.
//
// The context is cancelled the first time a function given to Go fails, with
// the failure as its cause, or the first time Wait returns, whichever comes
// first.
func WithContext(ctx context.Context) (*Group, context.Context) {
	ctx, cancel := jobContext(ctx)
	return &Group{cancel: cancel}, ctx
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
	if g.slots != nil {
		g.slots <- struct{}{}
	}
	g.start(f)
}

// TryGo is Go if the number of active goroutines is below the limit, and does
// nothing otherwise. It reports whether f was started, and never blocks.
func (g *Group) TryGo(f func() error) bool {
	if f == nil {
		panic(nilFunc("Group.TryGo"))
	}
	if !g.trySlot() {
		return false
	}
	g.start(f)
	return true
}

// SetLimit limits the number of active goroutines to n. A negative n is no
// limit, and with a limit of 0 no goroutine can be added.
//
// SetLimit must not be called while goroutines of the group are active. It
// panics with a [*UsageError] if it can tell that some are: if there was a limit
// before.
func (g *Group) SetLimit(n int) {
	if n < 0 {
		g.slots = nil
		return
	}
	if active := len(g.slots); active > 0 {
		panic(&UsageError{
			Func:    "Group.SetLimit",
			Problem: fmt.Sprintf("%d goroutines of the group are active; set the limit before they start, or after Wait", active),
		})
	}
	g.slots = make(chan struct{}, n)
}

// Wait blocks until all functions given to Go have ended, and returns the first
// error of one of them, as it is, or nil.
func (g *Group) Wait() error {
	g.running.Wait()
	if g.cancel != nil {
		g.cancel(g.err)
	}
	return g.err
}

// trySlot takes one of the slots, and reports whether there was one.
func (g *Group) trySlot() bool {
	if g.slots == nil {
		return true
	}
	select {
	case g.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// start runs f in a goroutine, which has its slot.
func (g *Group) start(f func() error) {
	g.running.Add(1)
	go func() {
		task.Func[struct{}](func(context.Context) (struct{}, error) {
			return struct{}{}, f()
		}).Call(context.Background(), func(_ struct{}, err error) { g.ended(err) })
	}()
}

// ended notes how a function ended, and gives up its slot.
func (g *Group) ended(err error) {
	if err != nil {
		g.once.Do(func() {
			g.err = err
			if g.cancel != nil {
				g.cancel(err)
			}
		})
	}
	if g.slots != nil {
		<-g.slots
	}
	g.running.Done()
}
