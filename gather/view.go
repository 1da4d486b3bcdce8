package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/inflight"
)

// How calls show in the tree of tasks: with their name and how many of their jobs
// have ended, run, and are there in all. The counts are those that a call keeps
// anyway, or only if it is made in a task; a call that is not looked at does
// nothing for it.

// A kind is which function of this package a batch is a call of.
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

// watch shows a call with ctx as view until it calls leave, if ctx is that of a task.
func watch(ctx context.Context, view inflight.View) (leave func()) {
	host := inflight.Of(ctx)
	if host == nil {
		return nil
	}
	call := &inflight.Call{View: view}
	host.Enter(call)
	return func() { host.Leave(call) }
}

// Counts takes a worker that is between two jobs for one that runs one.
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
	ended := g.gone()
	return "gather.Group", ended, g.claimed - ended, g.given
}

// Counts has no total, which nobody knows of a stream.
func (f *flow[T, R]) Counts() (name string, done, running, total int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return "gather.Stream", f.ended, f.claimed - f.ended, -1
}
