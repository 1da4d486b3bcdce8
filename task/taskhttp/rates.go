package taskhttp

import (
	"math"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// Rates has the numbers of tasks that started and ended in the last minutes,
// while somebody viewed them. All slices have the same length, with one number
// for each time in At.
type Rates struct {
	At []int64 `json:"at"` // when, in milliseconds since 1970

	// The numbers per second, on average since the previous time.
	Started  []float64 `json:"started"`
	Ended    []float64 `json:"ended"`
	Failed   []float64 `json:"failed"`   // of the ended tasks: with an error, a panic or a Goexit
	Canceled []float64 `json:"canceled"` // likewise

	// The numbers at that time.
	Running []int `json:"running"`
	Waiting []int `json:"waiting"`
	Queued  []int `json:"queued"`
}

const (
	// step is the time between two samples.
	step = time.Second
	// samples are kept for five minutes.
	samples = 300
	// afterglow is how long counting goes on after the last request, so that a page
	// that is loaded again still has its data.
	afterglow = time.Minute
)

// A rates counts tasks while there are requests for the counts.
type rates struct {
	mu        sync.Mutex
	looked    time.Time   // the time of the last request
	timer     *time.Timer // fires at the next sample; nil while nothing is counted
	stop      func()      // ends the counting of ended tasks
	closed    bool
	series    Rates
	last      time.Time // the time of the last sample
	live      int       // the number of live tasks at that time
	ends      ends      // since that time
	durations durations
}

// ends counts tasks that ended.
type ends struct{ all, failed, canceled int }

// look returns the counts, and makes counting go on. The first call begins it.
func (r *rates) look() (*Rates, []Durations) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked = time.Now()
	if r.timer == nil && !r.closed {
		r.series, r.ends, r.durations = Rates{}, ends{}, durations{}
		r.last, r.live = r.looked, sum(census())
		r.stop = task.OnFinished(r.count)
		r.timer = time.AfterFunc(step, r.sample)
	}
	copied := r.series.tail(samples)
	return &copied, r.durations.list()
}

// close ends the counting for good.
func (r *rates) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.end()
}

// end ends the counting; r.mu is locked.
func (r *rates) end() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
		r.stop()
	}
}

// count counts a task that ends.
func (r *rates) count(f task.Finished) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends.all++
	failed := false
	switch f.State {
	case task.Canceled:
		r.ends.canceled++
	case task.Failed, task.Panicked, task.Goexited:
		r.ends.failed++
		failed = true
	}
	r.durations.add(&f, failed)
}

// sample records the counts since the last sample.
func (r *rates) sample() {
	states := census()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil { // it has ended
		return
	}
	now := time.Now()
	if now.Sub(r.looked) > afterglow {
		r.end()
		return
	}
	seconds := now.Sub(r.last).Seconds()
	perSecond := func(n int) float64 { return math.Round(10*float64(n)/seconds) / 10 }
	live := sum(states)
	// A task that ends is counted shortly before it stops being live.
	started := max(0, live-r.live+r.ends.all)
	s := r.series.tail(samples - 1)
	s.At = append(s.At, now.UnixMilli())
	s.Started = append(s.Started, perSecond(started))
	s.Ended = append(s.Ended, perSecond(r.ends.all))
	s.Failed = append(s.Failed, perSecond(r.ends.failed))
	s.Canceled = append(s.Canceled, perSecond(r.ends.canceled))
	s.Running = append(s.Running, states[task.Running])
	s.Waiting = append(s.Waiting, states[task.Waiting])
	s.Queued = append(s.Queued, states[task.Queued])
	r.series, r.last, r.live, r.ends = s, now, live, ends{}
	r.timer.Reset(step)
}

// tail returns a copy of the last n elements of s.
func (s *Rates) tail(n int) Rates {
	return Rates{
		tail(s.At, n), tail(s.Started, n), tail(s.Ended, n), tail(s.Failed, n), tail(s.Canceled, n),
		tail(s.Running, n), tail(s.Waiting, n), tail(s.Queued, n),
	}
}

func tail[T any](s []T, n int) []T {
	return append(make([]T, 0, samples), s[max(0, len(s)-n):]...)
}

// census returns the number of live tasks by state, without inspecting them.
func census() map[task.State]int { return task.Snapshot(task.TreeMax(0)).States }

func sum(states map[task.State]int) (n int) {
	for _, k := range states {
		n += k
	}
	return n
}
