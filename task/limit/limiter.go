package limit

import (
	"container/list"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A UsageError is the panic value of this package for invalid arguments.
type UsageError = ctxvar.UsageError

// A Gate admits callers and is notified when they leave: a [*Limiter], or the
// limiter of a key of a [Keyed]. Any number of goroutines may call its methods
// at the same time.
type Gate interface {
	// Acquire waits until weight more may be held and the rate allows a
	// beginning. If ctx ends first, it returns an error that wraps ctx's error
	// and cause, and nothing is held.
	Acquire(ctx context.Context, weight int64) error

	// TryAcquire does what Acquire does if that does not need to wait, and
	// nothing otherwise. It reports whether weight is held.
	TryAcquire(weight int64) bool

	// Release gives back what Acquire or TryAcquire acquired, as a whole or in
	// parts. It panics with a [*UsageError] if that is more than is held.
	Release(weight int64)
}

var _ Gate = (*Limiter)(nil)

// A Limiter admits callers as a [Limit] allows, in the order of the calls.
// [New] makes one; the zero Limiter has no limit until [Limiter.SetLimit] sets
// one. A Limiter must not be copied after first use.
//
// Any number of goroutines may call its methods at the same time. It has no
// goroutine, and a timer only while somebody waits for the rate.
type Limiter struct {
	mu    sync.Mutex // never held while anything is waited for
	limit Limit
	held  int64
	next  time.Time // when the next one may begin at the average rate; a time in the past means now
	last  time.Time // when the last one began that the rate counts
	queue list.List // of *waiter: the calls that wait, the first one at the front
	timer *time.Timer
}

// A waiter is a call of Acquire that could not return at once.
type waiter struct {
	weight int64
	in     chan struct{} // closed, with the mu of the Limiter locked, when it is let in
}

// New returns a Limiter. It panics with a [*UsageError] if a field of the limit is
// negative.
func New(limit Limit) *Limiter {
	limit.check("New")
	return &Limiter{limit: limit}
}

// Acquire waits until weight more may be held and the rate allows a beginning.
// The weight is held until [Limiter.Release]. If ctx ends first, Acquire
// returns an error that wraps ctx's error and cause. If ctx has already ended,
// Acquire fails even if there is room.
//
// It panics with a [*UsageError] if weight is less than 1, and with
// [task.ErrNilContext] if ctx is nil.
func (l *Limiter) Acquire(ctx context.Context, weight int64) error {
	checkWeight("Acquire", weight)
	if ctx == nil {
		panic(task.ErrNilContext)
	}
	if ctx.Err() != nil {
		return givenUp(ctx)
	}
	done := ctx.Done()
	l.mu.Lock()
	if l.queue.Len() == 0 && l.fits(weight) && l.begin() == 0 {
		l.held += weight
		l.mu.Unlock()
		return nil
	}
	w := &waiter{weight: weight, in: make(chan struct{})}
	place := l.queue.PushBack(w)
	l.admit() // to set the timer, if it is the first
	l.mu.Unlock()

	select {
	case <-w.in:
		return nil
	case <-done:
	}
	if !l.giveUp(w, place) {
		// It was let in at the same moment. Releasing the weight would not undo the
		// beginning, for which others may have waited.
		return nil
	}
	return givenUp(ctx)
}

// giveUp removes w, which is in the queue at place, and reports false if w was let in
// before.
func (l *Limiter) giveUp(w *waiter, place *list.Element) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.in:
		return false
	default:
	}
	l.queue.Remove(place)
	l.admit() // the calls after it may fit
	return true
}

// TryAcquire does what [Limiter.Acquire] does if that does not need to wait,
// and nothing otherwise. It reports whether weight is held. It does not
// overtake callers that wait.
func (l *Limiter) TryAcquire(weight int64) bool {
	checkWeight("TryAcquire", weight)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.Len() > 0 || !l.fits(weight) || l.begin() > 0 {
		return false
	}
	l.held += weight
	return true
}

// Release gives back weight of what was acquired. It panics with a
// [*UsageError] if that is more than is held, or less than 1.
func (l *Limiter) Release(weight int64) {
	checkWeight("Release", weight)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(weight)
	l.admit()
}

// release is Release with l.mu locked, and admits nobody.
func (l *Limiter) release(weight int64) {
	if weight > l.held {
		panic(&UsageError{Func: "limit.Release", Problem: fmt.Sprintf("%d is released, but only %d is held; release what was acquired, once", weight, l.held)})
	}
	l.held -= weight
}

// undo gives back weight, and the beginning too, which was at the time began. If others have
// begun since, the rate has grown meanwhile, and for them the beginning made no difference:
// only the rest of it comes back. undo reports false, and does nothing, if g is another Gate
// that has l in it.
func (l *Limiter) undo(g Gate, weight int64, began time.Time) bool {
	if g != Gate(l) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release(weight)
	l.next = l.next.Add(-max(l.limit.every()-max(l.last.Sub(began), 0), 0))
	l.admit()
	return true
}

// Wait waits for a place and releases it at once, so for callers that only use
// Wait, only the rate counts. It implements gather.Limiter, for the option
// gather.Rate.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := l.Acquire(ctx, 1); err != nil {
		return err
	}
	l.Release(1)
	return nil
}

// SetLimit changes the limit, including for callers that wait. The used part of
// a burst stays used. It panics with a [*UsageError] if a field of the limit is
// negative.
func (l *Limiter) SetLimit(limit Limit) {
	limit.check("SetLimit")
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit.Every > 0 && l.limit.Every > 0 {
		now := time.Now()
		used := float64(l.next.Sub(now)) / float64(l.limit.every())
		used = min(max(used, 0), float64(limit.burst()))
		l.next = now.Add(times(used, limit.every()))
	} else {
		l.next = time.Time{}
	}
	l.limit = limit
	l.admit()
}

// Limit returns the current limit.
func (l *Limiter) Limit() Limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit
}

// Held returns the weight that is held.
func (l *Limiter) Held() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// Waiting returns the number of calls of Acquire that wait.
func (l *Limiter) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.Len()
}

// fits reports whether weight may be held in addition; l.mu is locked.
func (l *Limiter) fits(weight int64) bool {
	most := l.limit.AtOnce
	if most == 0 {
		most = math.MaxInt64 // what can be counted
	}
	return l.held == 0 || weight <= most-l.held
}

// begin records a beginning, if the rate allows one, and returns 0. Otherwise it returns
// the time until the rate allows one. l.mu is locked.
func (l *Limiter) begin() (wait time.Duration) {
	if l.limit.Every == 0 {
		return 0
	}
	now := time.Now()
	if l.next.Before(now) { // or the difference might not fit into a Duration
		l.next = now
	}
	if wait := l.next.Sub(now) - l.limit.slack(); wait > 0 {
		return wait
	}
	l.next, l.last = l.next.Add(l.limit.every()), now
	return 0
}

// admit admits waiting callers from the front of the queue, as far as the limit
// allows. It is called after each change that may admit somebody; l.mu is
// locked.
func (l *Limiter) admit() {
	for {
		first := l.queue.Front()
		if first == nil {
			break
		}
		w := first.Value.(*waiter)
		if !l.fits(w.weight) {
			break
		}
		if wait := l.begin(); wait > 0 {
			l.admitIn(wait)
			return
		}
		l.held += w.weight
		l.queue.Remove(first)
		close(w.in)
	}
	// Nobody waits for the rate.
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// admitIn calls admit after a while; l.mu is locked.
func (l *Limiter) admitIn(wait time.Duration) {
	if l.timer != nil {
		l.timer.Reset(wait)
		return
	}
	l.timer = time.AfterFunc(wait, func() {
		// It does not matter if this is early or late: admit checks the time itself.
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admit()
	})
}

// rested returns when the rate will allow a whole burst, or a time in the past
// or zero if it does; l.mu is not locked.
func (l *Limiter) rested() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

func checkWeight(caller string, weight int64) {
	if weight < 1 {
		panic(&UsageError{Func: "limit." + caller, Problem: fmt.Sprintf("weight %d; it must be positive", weight)})
	}
}

// givenUp returns the error of a call that gave up waiting because ctx has ended. No lock
// is held: the methods of the cause may use the limiter.
func givenUp(ctx context.Context) error {
	return verdict.Errorf("limit: gave up waiting: %w", verdict.Interrupted(ctx))
}
