package gather

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/task"
)

// A crew is the functions of a Group that have not ended, and the workers that
// run them.
//
// A function waits in the queue until a worker claims it. As long as there is
// one that the limit allows to be claimed, a worker is on its way: it was
// started, and the first thing it does is look at the queue. Before it runs
// what it claims, it starts the next worker if there is reason to. So no
// function that may run ever waits for another one to end. Even so, few
// goroutines are started where functions are short, because a worker looks at
// the queue again when its function has ended. That is:
//
//	whenever mu is not held, mayClaim implies coming, or that a worker which has
//	just ended a function is about to lock mu and look.
//
// A caller that may not add a function leaves it in the queue and waits there
// until it is claimed.
type crew struct {
	// running counts the functions that have a goroutine of their own and, as
	// one, all those that workers run. So it is touched when the first of these
	// is given and when the last one ends, and not for each.
	running sync.WaitGroup

	mu   sync.Mutex // held only for moments, never while a function of the user's runs
	room *sync.Cond // callers of Go wait here until their function is claimed

	queue          // those not claimed
	given   int    // functions ever given
	active  int    // of these, those that have not ended and have no goroutine of their own
	caller  uint64 // the goroutine that added the last function
	waiting int32  // callers of Go in room; 0 as long as that is nil
	coming  bool   // a worker was started and has not looked yet
	limited bool
	indexed bool // the functions are those of a GroupOf; written before the first is given
	gaveUp  bool // the only error that is kept is that of a function that gave up
	limit   int

	alone      int          // functions ever given that had a goroutine of their own
	aloneEnded atomic.Int64 // of these, those that have ended; not guarded by mu
	lateLimit  atomic.Bool  // a limit was set while some of these had not ended; stored with mu locked
}

// A hand is what a goroutine of a Group has in hand.
type hand struct {
	part         // none if f is nil
	index  int   // how many were given before
	judged error // what the function returned, while that is judged
	gaveUp bool  // it only gave up because the caller cancelled; see failures.keep
	failed bool  // its failure is recorded
}

// A step is what the goroutine that added a function must do next.
type step int

const (
	goOnly     step = iota // nothing
	goWork                 // start a worker
	goAlone                // start a goroutine for this function alone
	turnedAway             // it was not added
)

// add adds f, and stores its index if index is not nil. If the limit does not
// allow f to run now, add waits until it does or, if wait is false, turns f away.
func (c *crew) add(f func() error, index *int, wait bool) (hand, step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	full := c.limited && c.unended() >= c.limit
	if full && !wait {
		return hand{}, turnedAway
	}
	h := hand{part: part{f, c.save()}, index: c.given}
	if index != nil {
		*index = h.index
		if !c.indexed { // workers read it
			c.indexed = true
		}
	}
	c.given++
	if raceEnabled && !c.limited && c.len == 0 {
		// A lock that workers share would order the functions, and so hide
		// races between them from the race detector.
		c.running.Add(1)
		c.alone++
		return h, goAlone
	}
	if c.active++; c.active == 1 {
		c.running.Add(1)
	}
	c.push(h.part)
	if c.beckon() {
		return h, goWork
	}
	if full {
		// No worker is needed: those whose functions must end first will
		// look.
		if c.room == nil {
			c.room = sync.NewCond(&c.mu)
		}
		c.waiting++
		for c.claimed() <= h.index {
			c.room.Wait()
		}
		c.waiting--
	}
	return h, goOnly
}

// save returns the variables of the running goroutine. The caller holds c.mu.
func (c *crew) save() gls.Snapshot {
	if g := gls.Goroutine(); g != c.caller {
		c.caller = g
		return gls.Save()
	}
	return gls.SaveAgain()
}

// unended returns how many functions have not ended. The caller holds c.mu.
func (c *crew) unended() int { return c.active + c.alone - int(c.aloneEnded.Load()) }

// claimed returns how many functions were ever claimed, or had a goroutine of
// their own, which are always the first ones. The caller holds c.mu.
func (c *crew) claimed() int { return c.given - c.len }

// mayClaim reports whether there is a function that may be run now. The caller
// holds c.mu.
func (c *crew) mayClaim() bool {
	return c.len > 0 && (!c.limited || c.unended()-c.len < c.limit)
}

// beckon reports whether the caller, who holds c.mu, must start a worker.
func (c *crew) beckon() bool {
	if c.coming || !c.mayClaim() {
		return false
	}
	c.coming = true
	return true
}

// claim takes the first function, which may run, from the queue, and reports
// whether the caller, who holds c.mu, must start a worker for the one after it.
func (c *crew) claim() (h hand, start bool) {
	h.index = c.claimed()
	h.part = c.pop()
	if c.waiting > 0 {
		c.room.Broadcast()
	}
	return h, c.beckon()
}

// setLimit sets the limit, unless there was one and functions are active. In
// that case it returns their number. It reports whether the caller must start a
// worker.
func (c *crew) setLimit(n int) (active int, start bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limited && n >= 0 {
		// Of the functions in the queue, as many are active as the limit
		// allows.
		if active = min(c.unended(), c.limit); active > 0 {
			return active, false
		}
	}
	c.limited, c.limit = n >= 0, n
	if c.limited && c.alone > 0 {
		c.lateLimit.Store(true)
	}
	return 0, c.beckon()
}

// total returns how many functions were ever added.
func (c *crew) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given
}

// A worker is a goroutine that runs functions, one after the other.
type worker struct {
	hand
	begun bool         // it has run a function
	vars  gls.Snapshot // those that the last function began with
}

// work is the life of a worker.
func (g *Group) work() {
	var w worker
	defer gls.Forget()
	returned := false
	defer func() {
		if returned {
			return
		}
		// A function called runtime.Goexit, which ends the goroutine and not
		// only the function. Another worker takes this one's place.
		g.mu.Lock()
		g.active--
		last, start := g.active == 0, g.beckon()
		g.mu.Unlock()
		if start {
			go g.work()
		}
		if last {
			g.running.Done()
		}
	}()
	for !g.serve(&w) {
	}
	returned = true
}

// serve runs functions until none may be run, and then reports true, or until
// one of them panics.
func (g *Group) serve(w *worker) (done bool) {
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		for g.next(w) {
			w.enter(g.carried())
			if err := g.call(&w.hand); err != nil {
				g.fail(&w.hand, err)
			}
		}
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) {
		switch {
		case err == nil:
			done = true
		case !w.failed: // the function in hand has not returned
			g.fail(&w.hand, besides(w.judged, err))
		}
	})
	return done
}

// next makes the next function the one that w has in hand, and reports whether there is
// one that may run. The function that w had in hand before, if any, has ended.
func (g *Group) next(w *worker) bool {
	g.mu.Lock()
	last := false
	if w.f == nil {
		g.coming = false
	} else {
		w.f = nil
		g.active--
		last = g.active == 0
	}
	if !g.mayClaim() { // so it is if last
		g.mu.Unlock()
		if last {
			g.running.Done()
		}
		return false
	}
	var start bool
	w.hand, start = g.claim()
	g.mu.Unlock()
	if start {
		go g.work()
	}
	return true
}

// enter gives the goroutine the variables for the function in hand, whose ctx
// carries job. In most cases it has them already, from the previous function.
func (w *worker) enter(job *gls.Carried) {
	if w.begun && w.vars == w.part.vars {
		w.vars.Restore()
		return
	}
	w.begun, w.vars = true, w.part.vars
	w.vars.Enter(job)
}

// carried returns the variables that the ctx of the functions carries, or nil
// if they have no ctx.
func (g *Group) carried() *gls.Carried {
	if g.jobs == nil {
		return nil
	}
	return &g.jobs.carried
}

// runAlone runs h in a goroutine of its own. It was not in the queue.
func (g *Group) runAlone(h hand) {
	defer func() {
		// This is not done under mu, which would order this function before
		// those that are started later: see add.
		g.aloneEnded.Add(1)
		if g.lateLimit.Load() {
			// A goroutine that counted this function as active, under mu, may wait
			// for its end: see setLimit.
			g.wakeNext()
		}
		g.running.Done()
	}()
	h.vars.Enter(g.carried())
	defer gls.Forget()
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		return struct{}{}, g.call(&h)
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil {
			g.fail(&h, besides(h.judged, err))
		}
	})
}

// wakeNext starts a worker if a function may be run now and none is coming.
func (g *Group) wakeNext() {
	g.mu.Lock()
	start := g.beckon()
	g.mu.Unlock()
	if start {
		go g.work()
	}
}

// call calls h and returns its error, with the caller's cause unless the group
// must return the error unchanged.
func (g *Group) call(h *hand) error {
	err := h.f()
	if err != nil && g.jobs != nil {
		judged, gaveUp := judge(g.jobs.Context, err, &h.judged)
		h.gaveUp = gaveUp && g.policy.policy() == FailFast
		if !g.bare() {
			err = judged
		}
	}
	return err
}
