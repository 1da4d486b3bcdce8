package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/inflight"
)

// Calls appear in the tree of tasks with their name and the numbers of their
// jobs that have ended, that run, and in total. A call keeps these numbers
// anyway, or keeps them only if it is made in a task; a call that nobody looks
// at does no work for them.

// A kind is the function of this package that a batch is a call of.
type kind uint8

const (
	kindAll kind = iota
	kindSettled
	kindRace
	kindAny
	kindMap
	kindEach
)

var kindNames = [...]string{"All", "Settled", "Race", "Any", "Map", "Each"}

func (k kind) String() string { return kindNames[k] }

var (
	_ inflight.View = (*batch[int, int])(nil)
	_ inflight.View = (*flow[int, int])(nil)
	_ inflight.View = groupView{}
)

// watch shows a call with ctx as view until its Leave is called, if it is made in a task
// or ctx is that of one. job and any are those of an [inflight.Call].
func watch(ctx context.Context, view inflight.View, job *gls.Carried, any bool) *inflight.Call {
	host := inflight.Of(ctx)
	if host == nil {
		return nil
	}
	call := &inflight.Call{View: view, Job: job, Any: any}
	host.Enter(call)
	return call
}

// Counts counts a worker that is between two jobs as running one.
func (b *batch[T, R]) Counts() (name string, done, running, total int) {
	total = len(b.items)
	started := min(int(b.next.Load()), total)
	running = min(int(b.live.Load()), started)
	return "gather." + b.kind.String(), started - running, running, total
}

// A groupView is a [Group] whose caller waits for it.
type groupView struct{ group *Group }

func (v groupView) Counts() (name string, done, running, total int) {
	g := v.group
	g.mu.Lock()
	defer g.mu.Unlock()
	unended := g.unended()
	return "gather.Group", g.given - unended, unended - g.len, g.given
}

// Counts returns no total, because that of a stream is unknown.
func (f *flow[T, R]) Counts() (name string, done, running, total int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return "gather.Stream", f.ended, f.claimed - f.ended, -1
}
