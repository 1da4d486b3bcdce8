package gls

import (
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"unsafe"
)

func init() {
	onlyCopy()
	if problem := new(rehearsal).run(); problem != "" {
		panic("heirloom: with " + runtime.Version() + ", " + problem + ". " +
			"This version of Heirloom does not know how that release treats goroutines: " +
			"use a later version of Heirloom, or an earlier Go")
	}
}

// Two copies of this package in one program, under two module paths, would take
// each other's frames for somebody else's labels: a variable set through one
// copy would hide what was set through the other. So a program with two copies
// does not link. The linker says:
//
//	duplicated definition of symbol heirloom_may_be_in_a_program_once, from
//	example.com/fork/heirloom/internal/gls and
//	github.com/heirloom-go/heirloom/internal/gls
//
// To solve this, use one module path: add a replace directive to go.mod.
//
//go:linkname onlyCopy heirloom_may_be_in_a_program_once
//go:noinline
func onlyCopy() {}

// A rehearsal does once, at the start of the program, what variables depend on.
// A Go release may keep the layout of labels and yet copy, clone, drop or move
// them, or not let goroutines inherit them. A program must rather not start
// than lose or mix up variables.
type rehearsal struct {
	context.Context // with Value, what pprof.Do is given
	problem         string
	probe           Frame
	binding         Binding
	child           func()         // r.playChild
	slot            unsafe.Pointer // the parent's slot when it starts a child
	inherited       bool           // whether the child inherited the variable
	childOver, over sync.Mutex     // locked, and unlocked by the goroutine that ends
}

// rehearsed is a key that no variable has.
const rehearsed = 0

func (r *rehearsal) run() (problem string) {
	r.Context, r.child = context.Background(), r.playChild
	r.childOver.Lock()
	r.over.Lock()
	go r.play() // in a goroutine of its own, so nothing is left behind
	r.over.Lock()
	return r.problem
}

// Value makes r ask for labels as a context that carries variables does.
func (r *rehearsal) Value(key any) any {
	if PprofKey(key) {
		return Answer(nil)
	}
	return nil
}

func (r *rehearsal) play() {
	defer r.over.Unlock()
	// If what comes back is not the pointer that was put there, it must not be
	// examined any further.
	r.slot = unsafe.Pointer(&r.probe)
	putSlot(r.slot)
	r.expect(Peek() == r.slot, "a goroutine's labels are copied or dropped")
	putSlot(nil)
	if r.problem != "" {
		return
	}
	change := Current().Set(rehearsed, &r.binding, nil)
	r.expect(Get(rehearsed) == &r.binding, "a goroutine does not have what it has set")
	pprof.Do(r, pprof.Labels("k", "v"), r.inDo)
	r.expect(Get(rehearsed) == &r.binding, "the end of a pprof.Do takes variables away")
	pprof.SetGoroutineLabels(r.Context)
	r.expect(Get(rehearsed) == &r.binding, "pprof.SetGoroutineLabels takes variables away")
	r.expect(len(inSlot().visible()) == 0, "profiler labels do not go where they did")
	r.expect(change.Undo(rehearsed) && Get(rehearsed) == nil, "a goroutine keeps what it has reset")
}

func (r *rehearsal) inDo(context.Context) {
	r.expectOfChild("a goroutine that is started in a pprof.Do does not inherit")
	r.expect(Get(rehearsed) == &r.binding, "pprof.Do takes variables away")
	r.expect(len(inSlot().visible()) == 1, "profiler labels are not where they were")
	r.expectOfChild("a goroutine does not inherit")
}

func (r *rehearsal) expect(ok bool, otherwise string) {
	if !ok && r.problem == "" {
		r.problem = otherwise
	}
}

// expectOfChild verifies that a goroutine inherits the variable, and that its
// slot is its own.
func (r *rehearsal) expectOfChild(otherwise string) {
	r.slot = Peek()
	go r.child()
	r.childOver.Lock()
	r.expect(r.inherited, otherwise)
	r.expect(Peek() == r.slot, "what a goroutine sets is seen by the one that started it")
}

func (r *rehearsal) playChild() {
	r.inherited = Peek() == r.slot && Get(rehearsed) == &r.binding
	putSlot(nil)
	r.childOver.Unlock()
}
