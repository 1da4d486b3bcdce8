package limit

import (
	"container/heap"
	"context"
	"math/bits"
	"sync"
	"time"
)

// A Keyed has a [Limiter] for each key in use, and forgets the others.
// [NewKeyed] makes one. Any number of goroutines may call its methods at the
// same time.
//
// It has no goroutine, and a timer only while there is a key whose rate has not
// recovered from its last use.
type Keyed[K comparable] struct {
	mu      sync.Mutex // locked before that of a Limiter
	limits  func(K) Limit
	version int // of limits
	keys    map[K]*keyLimiter[K]
	resting resting[K] // the limiters that are not in use but can't be forgotten yet
	timer   *time.Timer
}

// A keyLimiter is the Limiter of one key. It may be forgotten when nobody uses
// it and its rate has recovered, for then a new one is like it.
type keyLimiter[K comparable] struct {
	Limiter
	key   K
	used  weights   // the weights that are held or waited for; guarded by the mu of the Keyed
	until time.Time // while it is resting: when it will have recovered; likewise
	index int       // while it is resting: where; likewise
}

// weights is a sum of weights. Each weight fits into 63 bits, but the sum may not,
// because any number of callers may wait.
type weights struct{ high, low uint64 }

func (w *weights) add(weight int64) {
	var carry uint64
	w.low, carry = bits.Add64(w.low, uint64(weight), 0)
	w.high += carry
}

func (w *weights) sub(weight int64) {
	var borrow uint64
	w.low, borrow = bits.Sub64(w.low, uint64(weight), 0)
	w.high -= borrow
}

func (w *weights) none() bool { return *w == weights{} }

// NewKeyed returns a Keyed in which each key has the limit that limits returns
// for it. limits is called when a key comes into use, by the goroutine that
// uses it and perhaps by several at the same time. NewKeyed panics with a
// [*UsageError] if limits is nil; using a key panics if limits returns an
// invalid limit for it.
func NewKeyed[K comparable](limits func(key K) Limit) *Keyed[K] {
	checkLimits("NewKeyed", limits)
	return &Keyed[K]{limits: limits, keys: make(map[K]*keyLimiter[K])}
}

func checkLimits[K comparable](caller string, limits func(K) Limit) {
	if limits == nil {
		panic(&UsageError{Func: "limit." + caller, Problem: "nil function; pass one that returns the limit of a key"})
	}
}

// For returns the limiter of key. The result may be kept or discarded: the key
// is in use only while somebody holds or waits for a place.
func (k *Keyed[K]) For(key K) Gate {
	if key != key { //nolint:gocritic,staticcheck // as a NaN
		panic(&UsageError{Func: "limit.For", Problem: "the key does not equal itself, so it could never be found again"})
	}
	return gateOf[K]{k, key}
}

// SetLimits changes the limits, including those of keys in use, for which it calls
// limits. It panics with a [*UsageError] if limits is nil or returns an invalid limit. If
// limits panics, or returns an invalid limit, for a key that was in use when SetLimits was
// called, nothing has changed.
func (k *Keyed[K]) SetLimits(limits func(key K) Limit) {
	checkLimits("SetLimits", limits)
	chosen := choose(k.others(nil), limits)
	k.mu.Lock()
	k.limits = limits
	k.version++
	version := k.version
	k.set(chosen)
	k.mu.Unlock()
	more := choose(k.others(chosen), limits) // for keys that came into use meanwhile
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(more) > 0 && k.version == version { // otherwise another call was later
		k.set(more)
	}
}

// set sets the limits of limiters. It determines anew when those that rest will have
// recovered, because their rates may have changed, and forgets those that have. k.mu is
// locked.
func (k *Keyed[K]) set(chosen map[*keyLimiter[K]]Limit) {
	for l, limit := range chosen {
		l.SetLimit(limit)
	}
	for _, l := range k.resting {
		l.until = l.rested()
	}
	heap.Init(&k.resting)
	k.forgetLocked()
}

// others returns the limiters of the keys that are not forgotten, except those in chosen.
func (k *Keyed[K]) others(chosen map[*keyLimiter[K]]Limit) (others []*keyLimiter[K]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.keys {
		if _, ok := chosen[l]; !ok {
			others = append(others, l)
		}
	}
	return others
}

// choose returns the limits that limits, a function of the user's, returns for some
// limiters. The mu of the Keyed is not locked.
func choose[K comparable](limiters []*keyLimiter[K], limits func(key K) Limit) map[*keyLimiter[K]]Limit {
	chosen := make(map[*keyLimiter[K]]Limit, len(limiters))
	for _, l := range limiters {
		limit := limits(l.key)
		limit.check("SetLimits")
		chosen[l] = limit
	}
	return chosen
}

// Len returns the number of keys that are not forgotten.
func (k *Keyed[K]) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.keys)
}

// use returns the limiter of key, in which weight is used from now on.
func (k *Keyed[K]) use(key K, weight int64) *keyLimiter[K] {
	k.mu.Lock()
	for {
		if l := k.keys[key]; l != nil {
			if l.used.none() {
				heap.Remove(&k.resting, l.index)
				k.arm()
			}
			l.used.add(weight)
			k.mu.Unlock()
			return l
		}
		limits, version := k.limits, k.version
		k.mu.Unlock()
		limit := limits(key) // not under the lock: it is the user's
		limit.check("Keyed")
		k.mu.Lock()
		if k.keys[key] == nil && k.version == version {
			l := &keyLimiter[K]{key: key}
			l.used.add(weight)
			l.Limiter.limit = limit
			k.keys[key] = l
			k.mu.Unlock()
			return l
		}
	}
}

// leave is called when weight is no longer used in l.
func (k *Keyed[K]) leave(l *keyLimiter[K], weight int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.used.sub(weight); !l.used.none() {
		return
	}
	if l.until = l.rested(); l.until.After(time.Now()) {
		heap.Push(&k.resting, l)
		k.arm()
		return
	}
	delete(k.keys, l.key)
}

// arm sets the timer for the first limiter in resting; k.mu is locked.
func (k *Keyed[K]) arm() {
	switch {
	case len(k.resting) == 0:
		if k.timer != nil {
			k.timer.Stop()
			k.timer = nil
		}
	case k.timer == nil:
		k.timer = time.AfterFunc(time.Until(k.resting[0].until), k.forget)
	default:
		k.timer.Reset(time.Until(k.resting[0].until))
	}
}

// forget forgets the limiters that have recovered.
func (k *Keyed[K]) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgetLocked()
}

// forgetLocked is forget with k.mu locked.
func (k *Keyed[K]) forgetLocked() {
	now := time.Now()
	for len(k.resting) > 0 && !k.resting[0].until.After(now) {
		l := heap.Pop(&k.resting).(*keyLimiter[K])
		delete(k.keys, l.key)
	}
	k.arm()
}

// A gateOf is the Gate that For returns.
type gateOf[K comparable] struct {
	keyed *Keyed[K]
	key   K
}

func (g gateOf[K]) Acquire(ctx context.Context, weight int64) error {
	checkWeight("Acquire", weight)
	l := g.keyed.use(g.key, weight)
	acquired := false
	defer func() {
		if !acquired { // also if ctx panics
			g.keyed.leave(l, weight)
		}
	}()
	err := l.Acquire(ctx, weight)
	acquired = err == nil
	return err
}

func (g gateOf[K]) TryAcquire(weight int64) bool {
	checkWeight("TryAcquire", weight)
	l := g.keyed.use(g.key, weight)
	if l.TryAcquire(weight) {
		return true
	}
	g.keyed.leave(l, weight)
	return false
}

func (g gateOf[K]) undo(of Gate, weight int64, began time.Time) bool {
	if of != Gate(g) {
		return false
	}
	g.release(weight, func(l *Limiter) { l.undo(l, weight, began) })
	return true
}

func (g gateOf[K]) Release(weight int64) {
	checkWeight("Release", weight)
	g.release(weight, func(l *Limiter) { l.Release(weight) })
}

// release gives back weight of what is held in the limiter of the key.
func (g gateOf[K]) release(weight int64, release func(*Limiter)) {
	g.keyed.mu.Lock()
	l := g.keyed.keys[g.key]
	g.keyed.mu.Unlock()
	if l == nil {
		panic(&UsageError{Func: "limit.Release", Problem: "nothing is held for this key; release what was acquired, once"})
	}
	release(&l.Limiter)
	g.keyed.leave(l, weight)
}

// resting is a heap of limiters. The first is the one that recovers first.
type resting[K comparable] []*keyLimiter[K]

func (r resting[K]) Len() int           { return len(r) }
func (r resting[K]) Less(i, j int) bool { return r[i].until.Before(r[j].until) }
func (r resting[K]) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].index, r[j].index = i, j
}

func (r *resting[K]) Push(x any) {
	l := x.(*keyLimiter[K])
	l.index = len(*r)
	*r = append(*r, l)
}

func (r *resting[K]) Pop() any {
	last := len(*r) - 1
	l := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return l
}
