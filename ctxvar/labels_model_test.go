package ctxvar_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The label model runs programs of random steps in which goroutines write labels
// with every kind of ctx: none, foreign ones, their own, another goroutine's,
// plain or labelled, at any time. Each value that is ever set is another one, so
// that a value that is read tells where it comes from.
//
// Goroutines take turns: one runs, and gives its turn to another one wherever
// the program says so, in the middle of whatever it is in. So a goroutine may
// start long after its go statement, and go on long after its parent.
type world struct {
	t      *testing.T
	script *script
	parked []*writer // those that wait for their turn
	done   chan struct{}
	pool   []pooled // contexts that everybody finds
	serial int
	steps  int
	reads  map[string]int
	trace  []string
}

// A pooled is a context and, if it descends from NewContext, what it carries.
type pooled struct {
	ctx     context.Context
	carried string
}

// A writer is one goroutine of the program.
type writer struct {
	*world
	name   string
	place  *place
	parent *place
	want   string // what variable has, or "none"
	turn   chan struct{}
	depth  int
	// begun tells that nothing may be missing any more.
	begun bool
	// wrote tells that it wrote labels before it had begun.
	wrote bool
}

// A place is a goroutine, which may be that of several writers, one after the
// other, as a worker is.
type place struct{ now *writer }

// written is the variable of all programs.
var written = ctxvar.New("written", ctxvar.Default("none"))

// read reads the variable and says whether that is allowed.
func (w *writer) read() {
	got := written.Get()
	switch {
	case got == w.want:
		w.reads["right"]++
	case got == "none" && !w.begun && !exact:
		w.reads["nothing"]++
		w.want = "none"
	case got == w.starters() && w.wrote && !w.begun && !exact:
		// It has put on itself the labels that its parent has got, and that one
		// has changed nothing since. Nobody can tell it from a goroutine that was
		// started with them.
		w.reads["its parent's of now"]++
		w.want, w.begun = got, true
	default:
		w.t.Errorf("%s reads %s, want %s; begun %t\nafter %s", w.name, got, w.want, w.begun, strings.Join(w.trace, ", "))
		w.want, w.begun = got, true
	}
}

func (w *writer) starters() string {
	if w.parent == nil {
		return "none"
	}
	return w.parent.now.want
}

func (w *writer) note(format string, args ...any) {
	w.trace = append(w.trace, w.name+" "+fmt.Sprintf(format, args...))
}

// begin is called before what lets a goroutine begin.
func (w *writer) begin() {
	w.read()
	w.begun = true
}

func (w *writer) fresh() string {
	w.serial++
	return fmt.Sprint(w.name, "#", w.serial)
}

// body is the inside of whatever a writer is in. What it sets there is put back
// by put.
func (w *writer) body() {
	if w.depth++; w.depth < 7 {
		for range w.script.choose(6) {
			w.step()
		}
	}
	w.read()
	w.depth--
}

func (w *writer) step() {
	if w.steps++; w.steps > 400 {
		return
	}
	all := []func(){
		w.read, w.set, w.set, w.with, w.run, w.runFrom, w.detach, w.work,
		w.labels, w.labels, w.bare, w.do, w.do, w.do, w.ownDo, w.newContext,
		w.goOn, w.goOn, w.goOn, w.task, w.gather, w.handOver, w.handOver, w.collect,
	}
	all[w.script.choose(len(all))]()
}

func (w *writer) anyCtx() (context.Context, string) {
	p := w.pool[w.script.choose(len(w.pool))]
	return p.ctx, p.carried
}

func (w *writer) offer(ctx context.Context, carried string) {
	if len(w.pool) < 12 {
		w.pool = append(w.pool, pooled{ctx, carried})
		return
	}
	w.pool[2+w.script.choose(len(w.pool)-2)] = pooled{ctx, carried}
}

// set sets the variable, to stay or until later in the same body.
func (w *writer) set() {
	w.begin()
	before := w.want
	w.want = w.fresh()
	w.note("sets %s", w.want)
	tok := written.Set(w.want)
	if w.script.choose(3) == 0 {
		w.body()
		w.note("resets to %s", before)
		tok.Reset()
		w.want = before
		w.read()
	}
}

// within runs enter, which calls a function with the variable at want, and is
// back afterwards.
func (w *writer) within(name, want string, enter func(fn func())) {
	depth := w.depth
	w.begin()
	before := w.want
	w.note("%s {", name)
	value := recovered(func() {
		enter(func() {
			w.want = want
			w.body()
			w.throw()
		})
	})
	rethrowUnlessThrown(value)
	w.want, w.depth = before, depth
	w.note("}")
	w.read()
}

func (w *writer) throw() {
	if w.script.choose(5) == 0 {
		w.note("panics")
		panic(errThrown)
	}
}

func (w *writer) with() {
	value := w.fresh()
	w.within("with", value, func(fn func()) { written.With(value, fn) })
}

func (w *writer) run() {
	w.begin()
	c := ctxvar.Copy()
	w.within("run", w.want, c.Run)
}

func (w *writer) work() {
	w.begin()
	w.within("work", w.want, ctxvar.Work)
}

func (w *writer) detach() { w.within("detach", "none", ctxvar.Detach) }

func (w *writer) runFrom() {
	ctx, carried := w.anyCtx()
	w.within("run from a ctx", carried, func(fn func()) { ctxvar.RunFrom(ctx, fn) })
}

var someLabels = pprof.Labels("k", "v")

func (w *writer) labels() {
	ctx, _ := w.anyCtx()
	w.wroteLabels()
	if w.script.choose(2) == 0 {
		w.note("sets labels")
		pprof.SetGoroutineLabels(ctx)
	} else {
		w.note("sets more labels")
		pprof.SetGoroutineLabels(pprof.WithLabels(ctx, someLabels))
	}
}

func (w *writer) wroteLabels() { w.wrote = w.wrote || !w.begun }

// bare takes all labels off.
func (w *writer) bare() {
	w.note("has no labels")
	w.wroteLabels()
	pprof.SetGoroutineLabels(context.Background())
}

func (w *writer) do() {
	ctx, carried := w.anyCtx()
	w.wroteLabels()
	w.note("do {")
	depth := w.depth
	rethrowUnlessThrown(recovered(func() {
		pprof.Do(ctx, someLabels, func(ctx context.Context) {
			w.offer(ctx, carried)
			if w.script.choose(3) == 0 {
				w.read()
			}
			w.body()
			w.throw()
		})
	}))
	w.depth = depth
	w.note("}")
}

func (w *writer) ownDo() {
	ctx, _ := w.anyCtx()
	w.begin()
	now := w.want
	w.note("ctxvar.Do {")
	depth := w.depth
	rethrowUnlessThrown(recovered(func() {
		ctxvar.Do(ctx, someLabels, func(ctx context.Context) {
			w.offer(ctx, now)
			w.body()
			w.throw()
		})
	}))
	w.depth = depth
	w.note("}")
}

func (w *writer) newContext() {
	ctx, _ := w.anyCtx()
	w.begin()
	w.note("NewContext")
	w.offer(ctxvar.NewContext(ctx), w.want)
}

// child returns a writer for a goroutine that w starts.
func (w *writer) child() *writer {
	w.serial++
	c := &writer{
		world: w.world, name: fmt.Sprint("g", w.serial), place: new(place), parent: w.place, want: w.want,
		turn: make(chan struct{}), depth: w.depth,
	}
	c.place.now = c
	return c
}

// goOn starts a goroutine, which has to wait for its turn.
func (w *writer) goOn() {
	if len(w.parked) > 20 {
		return
	}
	c := w.child()
	w.note("go %s", c.name)
	go func() {
		<-c.turn
		c.live()
	}()
	w.parked = append(w.parked, c)
	if w.script.choose(2) == 0 {
		w.giveTurn(len(w.parked) - 1)
	}
}

// live is the life of a writer that was started by goOn, or of the first.
func (w *writer) live() {
	rethrowUnlessThrown(recovered(func() {
		if w.script.choose(2) == 0 {
			w.read()
		}
		for range w.script.choose(12) {
			w.step()
		}
		w.read()
	}))
	w.note("ends")
	// What is still on its way out is not to be seen in the profiles of other
	// tests.
	pprof.SetGoroutineLabels(context.Background())
	if n := len(w.parked); n > 0 {
		next := w.parked[n-1]
		w.parked = w.parked[:n-1]
		next.turn <- struct{}{}
		return
	}
	close(w.done)
}

// task has a body run by a task, and waits for it.
func (w *writer) task() {
	w.begin()
	c := w.child()
	c.begun = true
	w.note("task %s {", c.name)
	_, _ = task.Go(context.Background(), func(ctx context.Context) (int, error) {
		c.offer(ctxvar.NewContext(ctx), c.want)
		defer func() { _ = recover() }()
		c.body()
		return 0, nil
	}).Await(context.Background())
	w.note("}")
	w.read()
}

// gather has two bodies run as jobs.
func (w *writer) gather() {
	w.begin()
	w.note("jobs {")
	items := []int{0, 1}
	var worker place
	_, _ = gather.Map(context.Background(), items, func(_ context.Context, _ int) (int, error) {
		c := w.child()
		c.begun, c.place, worker.now = true, &worker, c
		defer func() { _ = recover() }()
		c.body()
		return 0, nil
	}, gather.Limit(1))
	w.note("}")
	w.read()
}

// handOver lets another goroutine go on.
func (w *writer) handOver() {
	if len(w.parked) > 0 {
		w.giveTurn(w.script.choose(len(w.parked)))
	}
}

func (w *writer) giveTurn(i int) {
	next := w.parked[i]
	w.parked = slices.Delete(w.parked, i, i+1)
	w.parked = append(w.parked, w)
	w.note("waits")
	next.turn <- struct{}{}
	<-w.turn
}

func (w *writer) collect() {
	if w.script.choose(8) == 0 {
		w.note("GC")
		runtime.GC()
	}
}

func runLabelProgram(t *testing.T, program []byte, reads map[string]int) {
	w := &world{
		t: t, script: &script{program}, done: make(chan struct{}), reads: reads,
		pool: []pooled{
			{context.Background(), "none"},
			{pprof.WithLabels(context.Background(), pprof.Labels("from", "ctx")), "none"},
		},
	}
	first := &writer{world: w, name: "g0", place: new(place), want: "none", turn: make(chan struct{})}
	first.place.now = first
	go first.live()
	<-w.done
	if t.Failed() {
		t.Logf("program: %q", program)
	}
}

// No value is another goroutine's, or replaced, or undone, or put aside. In the
// exact mode none is missing, and in the default mode only where a goroutine has
// not begun.
func TestLabelModel(t *testing.T) {
	programs := 1500
	if raceEnabled || testing.Short() {
		programs = 400
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	reads := make(map[string]int)
	for i := range programs {
		program := make([]byte, 20+random.IntN(400))
		for j := range program {
			program[j] = byte(random.Uint32())
		}
		if runLabelProgram(t, program, reads); t.Failed() {
			t.Fatalf("program %d of seed %d", i, seed)
		}
	}
	t.Logf("%d programs, values read: %v", programs, reads)
}

func FuzzLabelModel(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		program := make([]byte, 200)
		for j := range program {
			program[j] = byte(random.Uint32())
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) { runLabelProgram(t, program, make(map[string]int)) })
}
