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
//
// Besides a plain variable there is one for identity, which counts only in the work in
// which it was set, and code that is given a ctx asks which values apply.
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

// A pooled is a context and, if it descends from NewContext, what it carries and where
// that was made.
type pooled struct {
	ctx      context.Context
	carried  state
	maker    *place // nil if it carries nothing
	labelled bool   // since NewContext
}

// A state is what a goroutine or a ctx has. Where there is a work or a signature, the plain
// variable is set too, so that a goroutine that has lost its variables shows it.
type state struct {
	want   string // the value of the plain variable, or "none"
	work   *work  // nil if there is none
	signed signed
	// doubt is what may be there in place of signed, or nil. See read.
	doubt *signed
}

// A signed is what the variable for identity has been set to.
type signed struct {
	value string
	in    *work
	by    *place
}

// A work is a call of ctxvar.Work.
type work struct{ over bool }

// nothing is the state of a goroutine that has no variables.
var nothing = state{want: "none"}

// counts returns the value of x if it counts in the work w for the goroutine at p, or "".
func (x signed) counts(w *work, p *place) string {
	if w != x.in || w == nil && x.by != p || w != nil && w.over {
		return ""
	}
	return x.value
}

// allows is true if the goroutine at p may read these two values in s.
func (s state) allows(got, signature string, p *place) bool {
	return got == s.want && (signature == s.signed.counts(s.work, p) ||
		s.doubt != nil && signature == s.doubt.counts(s.work, p))
}

// describe returns what the goroutine at p is to read in s.
func (s state) describe(p *place) string {
	text := fmt.Sprintf("%s and %q", s.want, s.signed.counts(s.work, p))
	if s.doubt != nil {
		text += fmt.Sprintf(" or %q", s.doubt.counts(s.work, p))
	}
	return text
}

// A writer is one goroutine of the program.
type writer struct {
	*world
	state
	name   string
	place  *place
	parent *place
	turn   chan struct{}
	depth  int
	// begun is true when nothing may be missing any more.
	begun bool
	// wrote is true if it wrote labels before it had begun.
	wrote bool
}

// A place is a goroutine, which may serve several writers in turn, like a worker.
type place struct{ now *writer }

// The variables of all programs.
var (
	written   = ctxvar.New("written", ctxvar.Default("none"))
	signature = ctxvar.New("signature", ctxvar.Identity[string]())
)

// read reads the variables and checks that these values are allowed.
func (w *writer) read() {
	got, signed := written.Get(), signature.Get()
	is := func(s state) bool { return s.allows(got, signed, w.place) }
	// The writer has put on itself the labels that its parent has, and the parent has
	// changed nothing since. It can't be distinguished from a goroutine that was started
	// with them.
	mayBeStarters := is(w.starters()) && w.wrote && !w.begun && !exact
	switch {
	case is(w.state):
		w.reads["right"]++
		if now := w.starters(); mayBeStarters && now.signed != w.signed {
			// It reads the same in both, but who set the one for identity in its parent
			// can see that in a ctx of this writer.
			w.reads["in doubt"]++
			w.doubt = &now.signed
		}
	case is(nothing) && !w.begun && !exact:
		w.reads["nothing"]++
		w.state = nothing
	case mayBeStarters:
		w.reads["its parent's of now"]++
		w.state, w.begun = w.starters(), true
	default:
		w.t.Errorf("%s reads %s and %q, want %s; begun %t\nafter %s", w.name, got, signed,
			w.describe(w.place), w.begun, strings.Join(w.trace, ", "))
		w.begun = true
	}
}

func (w *writer) starters() state {
	if w.parent == nil {
		return nothing
	}
	return w.parent.now.state
}

// effective checks what applies in a function that is given a ctx.
func (w *writer) effective() {
	w.read()
	p := w.anyCtx()
	want := w.state
	if p.maker != nil && (p.carried.work != w.work || w.work == nil && p.maker != w.place) {
		want = p.carried
	}
	values := ctxvar.Effective(p.ctx)
	got, ok := written.In(values)
	if !ok {
		got = "none"
	}
	signed, _ := signature.In(values)
	w.reads["applies"]++
	if !want.allows(got, signed, w.place) {
		w.t.Errorf("%s is to go by %s and %q, want %s\nafter %s", w.name, got, signed,
			want.describe(w.place), strings.Join(w.trace, ", "))
	}
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
		w.read, w.set, w.set, w.sign, w.with, w.run, w.runFrom, w.detach, w.beginWork, w.effective,
		w.labels, w.labels, w.bare, w.do, w.do, w.do, w.ownDo, w.newContext,
		w.goOn, w.goOn, w.goOn, w.task, w.gather, w.handOver, w.handOver, w.collect,
	}
	all[w.script.choose(len(all))]()
}

func (w *writer) anyCtx() pooled { return w.pool[w.script.choose(len(w.pool))] }

// carry offers a ctx that carries what w has.
func (w *writer) carry(ctx context.Context, labelled bool) {
	w.offer(pooled{ctx, w.state, w.place, labelled})
}

func (w *writer) offer(p pooled) {
	if len(w.pool) < 12 {
		w.pool = append(w.pool, p)
		return
	}
	w.pool[2+w.script.choose(len(w.pool)-2)] = p
}

func runLabelProgram(t *testing.T, program []byte, reads map[string]int) {
	w := &world{
		t: t, script: &script{program}, done: make(chan struct{}), reads: reads,
		pool: []pooled{
			{context.Background(), nothing, nil, false},
			{pprof.WithLabels(context.Background(), pprof.Labels("from", "ctx")), nothing, nil, true},
		},
	}
	first := &writer{world: w, state: nothing, name: "g0", place: new(place), turn: make(chan struct{})}
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
