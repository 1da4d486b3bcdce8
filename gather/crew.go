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
	running sync.WaitGroup // functions given and not ended; Done comes after all else

	mu      sync.Mutex // held only for moments, never while a function of the user's runs
	room    *sync.Cond // callers of Go wait here until their function is claimed
	waiting int        // the number of these callers; 0 as long as room is nil

	queue   []part // those not claimed, from head on
	head    int
	given   int  // functions ever given
	claimed int  // of these, the functions that a worker has claimed
	ended   int  // of these, the functions that have ended
	coming  bool // a worker was started and has not looked yet
	limited bool
	limit   int

	alone atomic.Int64 // functions that had a goroutine of their own and have ended
}

// A part is a function given to a Group: f, or for a [GroupOf] of, which is
// called with the index.
type part struct {
	f     func() error
	of    func(index int) error
	index int
	vars  gls.Snapshot // those of the goroutine that called Go
}

// A next says what the goroutine that added a function must do then.
type next int

const (
	goOnly     next = iota // nothing
	goWork                 // start a worker
	goAlone                // start a goroutine for this function alone
	turnedAway             // it was not added
)

// add adds p, and returns it with all its fields. If the limit does not allow p
// to run now, add waits until it does or, if wait is false, turns p away.
func (c *crew) add(p part, wait bool) (part, next) {
	c.mu.Lock()
	defer c.mu.Unlock()
	full := c.limited && c.given-c.gone() >= c.limit
	if full && !wait {
		return p, turnedAway
	}
	p.index, p.vars = c.given, gls.Save()
	c.running.Add(1)
	c.given++
	if raceEnabled && !c.limited {
		// A lock that workers share would order the functions, and so hide
		// races between them from the race detector.
		c.claimed++
		return p, goAlone
	}
	c.push(p)
	if c.beckon() {
		return p, goWork
	}
	if full {
		// No worker is needed: those whose functions must end first will
		// look.
		if c.room == nil {
			c.room = sync.NewCond(&c.mu)
		}
		c.waiting++
		for c.claimed <= p.index {
			c.room.Wait()
		}
		c.waiting--
	}
	return p, goOnly
}

// push puts p at the end of the queue. The caller holds c.mu.
func (c *crew) push(p part) {
	if len(c.queue) == cap(c.queue) && c.head > len(c.queue)/2 {
		// The used half of the queue makes room for the rest.
		n := copy(c.queue, c.queue[c.head:])
		clear(c.queue[n:])
		c.queue, c.head = c.queue[:n], 0
	}
	c.queue = append(c.queue, p)
}

// pop removes the first function from the queue. The caller holds c.mu.
func (c *crew) pop() part {
	p := c.queue[c.head]
	c.queue[c.head] = part{}
	if c.head++; c.head == len(c.queue) {
		c.queue, c.head = c.queue[:0], 0
	}
	return p
}

// mayClaim reports whether there is a function that may be run now. The caller
// holds c.mu.
func (c *crew) mayClaim() bool {
	return c.head < len(c.queue) && (!c.limited || c.claimed-c.gone() < c.limit)
}

// beckon reports whether the caller, who holds c.mu, must start a worker.
func (c *crew) beckon() bool {
	if c.coming || !c.mayClaim() {
		return false
	}
	c.coming = true
	return true
}

// claim takes a function from the queue, if there is one that may run, and
// reports whether the caller must start a worker for the one after it.
func (c *crew) claim() (p part, ok, start bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mayClaim() {
		return p, false, false
	}
	p = c.pop()
	c.claimed++
	if c.waiting > 0 {
		c.room.Broadcast()
	}
	return p, true, c.beckon()
}

// end records that a claimed function has ended.
func (c *crew) end() {
	c.mu.Lock()
	c.ended++
	c.mu.Unlock()
	c.running.Done()
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
		if active = min(c.given-c.gone(), c.limit); active > 0 {
			return active, false
		}
	}
	c.limited, c.limit = n >= 0, n
	return 0, c.beckon()
}

// gone returns how many functions have ended. The caller holds c.mu.
func (c *crew) gone() int { return c.ended + int(c.alone.Load()) }

// total returns how many functions were ever added.
func (c *crew) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given
}

// work is the life of a worker.
func (g *Group) work() {
	g.mu.Lock()
	g.coming = false
	g.mu.Unlock()
	defer gls.Forget()
	returned := false
	defer func() {
		if returned {
			return
		}
		// A function called runtime.Goexit, which ends the goroutine and not
		// only the function. Another worker takes this one's place.
		g.mu.Lock()
		start := g.beckon()
		g.mu.Unlock()
		if start {
			go g.work()
		}
	}()
	for !g.serve() {
	}
	returned = true
}

// serve runs functions until none may be run, and then reports true, or until
// one of them panics.
func (g *Group) serve() (done bool) {
	var p part // in hand
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		for {
			var ok, start bool
			if p, ok, start = g.claim(); !ok {
				return struct{}{}, nil
			}
			if start {
				go g.work()
			}
			p.vars.Enter(g.carried())
			if err := g.call(&p); err != nil {
				g.fail(&p, err)
			}
			g.end()
		}
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil { // p has not returned
			g.fail(&p, err)
			g.end()
			return
		}
		done = true
	})
	return done
}

// carried returns the variables that the ctx of the functions carries, or nil
// if they have no ctx.
func (g *Group) carried() *gls.Carried {
	if g.jobs == nil {
		return nil
	}
	return &g.jobs.carried
}

// runAlone runs p in a goroutine of its own. p was not in the queue.
func (g *Group) runAlone(p part) {
	defer func() {
		// This is not done under mu, which would order this function before
		// those that are started later: see add.
		g.alone.Add(1)
		g.running.Done()
	}()
	p.vars.Enter(g.carried())
	defer gls.Forget()
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		return struct{}{}, g.call(&p)
	}).Call(context.Background(), func(_ struct{}, err error) {
		if err != nil {
			g.fail(&p, err)
		}
	})
}

// call calls p and returns its error, with the caller's cause unless the group
// must return the error unchanged.
func (g *Group) call(p *part) error {
	var err error
	if p.of == nil {
		err = p.f()
	} else {
		err = p.of(p.index)
	}
	if err != nil && g.jobs != nil && !g.bare(p) {
		err, _ = judge(g.jobs.Context, err)
	}
	return err
}
