package gather

import "time"

// A crowd is what a worker of a batch knows about the other workers, all of which claim
// their jobs at one counter.
//
// A counter that two processors write to in turn takes 100 ns or more for each claim,
// and 5 if only one does. So where jobs are shorter than that, two workers are slower
// than one. A worker that often meets others therefore makes a short break from time
// to time, and looks how many jobs the others claim meanwhile. If they are faster
// without it, its next break is longer; otherwise it is shorter. No break is long: a
// job that waits for one that nobody has claimed yet need not wait for a worker
// that ends another one, but for at most one break.
type crowd struct {
	last   int           // the job claimed last, or -2 if there was a break
	met    int           // the number of calls of claimed since at
	at     time.Duration // when the current stretch of work or the break began, since epoch
	first  int           // the job claimed then
	took   time.Duration // the last stretch of work
	jobs   int           // that were claimed meanwhile, by all workers
	pause  time.Duration // the length of the next break
	paused bool          // there was one after the previous claim
}

const (
	stretch  = 32                   // claims
	short    = time.Microsecond / 4 // a job; beside longer ones, a claim does not matter
	shortest = time.Microsecond
	longest  = 64 * time.Microsecond
	look     = 10 * time.Nanosecond // that one look at the clock takes, at most
)

var epoch = time.Now()

// claimed is called when the worker has claimed job n, if other workers have claimed
// jobs since its previous claim, or if there was a break.
func (c *crowd) claimed(n int) {
	if c.paused {
		c.paused = false
		// This compares how many jobs were claimed in a time, without the
		// worker and with it.
		if float64(c.jobs)*float64(c.pause) < float64(n-c.first)*float64(c.took) {
			c.pause = min(2*c.pause, longest)
		} else {
			c.pause = max(c.pause/2, shortest)
		}
		c.begin(n)
		return
	}
	if c.met++; c.met < stretch {
		return
	}
	now := time.Since(epoch)
	c.took, c.jobs = now-c.at, n-c.first
	if c.took > time.Duration(c.jobs)*short {
		c.begin(n)
		return
	}
	c.pause = max(c.pause, shortest)
	c.paused, c.first, c.last = true, n, -2
	// In a bubble of testing/synctest the time stands still while anything runs.
	for looks := c.pause / look; looks > 0 && time.Since(epoch) < now+c.pause; looks-- {
	}
}

// begin begins a stretch of work.
func (c *crowd) begin(n int) { c.at, c.first, c.met = time.Since(epoch), n, 0 }
