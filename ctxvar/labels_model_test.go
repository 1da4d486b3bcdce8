package ctxvar_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The label model runs programs of random steps in which goroutines write labels with
// every kind of ctx: none, foreign ones, their own, another goroutine's, plain or
// labelled, at any time. No two values are the same, so a value that is read shows
// where it comes from.
//
// Goroutines take turns: one runs, and gives its turn to another one at any place where
// the program says so. So a goroutine may start long after its go statement, and go on
// long after its parent.
type world struct {
	t      *testing.T
	script *script
	parked []*writer // those that wait for their turn
	done   chan struct{}
	pool   []pooled // contexts that all goroutines can use
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
	want   string // the value of variable, or "none"
	turn   chan struct{}
	depth  int
	// begun is true when nothing may be missing any more.
	begun bool
	// wrote is true if it wrote labels before it had begun.
	wrote bool
}

// A place is a goroutine, which may serve several writers in turn, like a worker.
type place struct{ now *writer }

// written is the variable of all programs.
var written = ctxvar.New("written", ctxvar.Default("none"))

// read reads the variable and reports whether that value is allowed.
func (w *writer) read() {
	got := written.Get()
	switch {
	case got == w.want:
		w.reads["right"]++
	case got == "none" && !w.begun && !exact:
		w.reads["nothing"]++
		w.want = "none"
	case got == w.starters() && w.wrote && !w.begun && !exact:
		// The writer has put on itself the labels that its parent has, and the parent has
		// changed nothing since. It can't be distinguished from a goroutine that was
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

// begin is called before anything that makes a goroutine begin.
func (w *writer) begin() {
	w.read()
	w.begun = true
}

func (w *writer) fresh() string {
	w.serial++
	return fmt.Sprint(w.name, "#", w.serial)
}

// body runs steps inside of whatever the writer has entered. put restores what it sets
// there.
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

// No value is another goroutine's, or has been replaced, undone or put aside. In the
// exact mode none is missing, and in the default mode only in a goroutine that has not
// begun.
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
