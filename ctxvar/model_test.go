package ctxvar_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The model test runs programs of random steps twice at the same time: with variables,
// and with a plain map for each goroutine and each Context. After every step, the two
// must agree on everything that can be read.
//
// A program is a string of bytes. Each choice in the program reads the next byte, so
// the fuzzer can drive the program as well as a random source.

// A script is the rest of a program's bytes. At its end, every choice is 0.
type script struct{ rest []byte }

func (s *script) choose(n int) int {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return int(b) % n
}

// split takes some of the bytes for another goroutine.
func (s *script) split() *script {
	n := min(4*s.choose(32), len(s.rest))
	part := s.rest[:n:n]
	s.rest = s.rest[n:]
	return &script{part}
}

// modelVar is a variable of the model test: some have a default.
type modelVar struct {
	*ctxvar.Var[int]
	def        int
	hasDefault bool
}

// declareModelVars declares variables whose numbers are gap apart.
func declareModelVars(gap int) []modelVar {
	var vars []modelVar
	for i := range 6 {
		v := modelVar{Var: ctxvar.New[int](fmt.Sprint("model", i))}
		if i%3 == 2 {
			v = modelVar{ctxvar.New(fmt.Sprint("model", i), ctxvar.Default(-i)), -i, true}
		}
		vars = append(vars, v)
		ints(gap)
	}
	return vars
}

// The variables of a program are flatVars, which are among the first that the
// process declares and so in one node of the trie, or deepVars, which are not, and
// more than a front of a map has room for. Some of these would have the same place.
var (
	flatVars = declareModelVars(0)
	deepVars = sync.OnceValue(func() []modelVar { return declareModelVars(39) })
)

// values are the content of a Context, by the index of the variable.
type values map[int]int

// A modelContext is the expected content of a Context, or of a goroutine that has
// entered none, which has no real.
type modelContext struct {
	real    *ctxvar.Context
	values  values
	entered bool
}

// A modelToken is a token and the expected result of using it.
type modelToken struct {
	real    *ctxvar.Token[int]
	v       int
	old     int
	wasSet  bool
	used    bool
	context *modelContext
}

// A carrier is a context.Context made by NewContext, and the values that it should
// carry.
type carrier struct {
	ctx    context.Context
	values values
}

// things are the objects that a goroutine can use. A goroutine that another one waits
// for shares them with that one; any other has its own.
type things struct {
	contexts []*modelContext
	tokens   []*modelToken
	carriers []carrier
}

// A labelled is a context.Context, always a descendant of NewContext, and the
// labels that pprof should see in it.
type labelled struct {
	ctx    context.Context
	labels map[string]string
}

// An actor is one goroutine of the program.
type actor struct {
	t       *testing.T
	vars    []modelVar
	script  *script
	current *modelContext
	labels  map[string]string
	ctx     labelled
	*things
	depth    int
	mayExit  bool // whether Goexit ends this goroutine and no other
	trace    []string
	children *sync.WaitGroup
}

// errThrown is the value of a program's own panics.
const errThrown = "thrown by the program"

const maxDepth = 10

// runProgram runs program and reports where it and the model differ.
func runProgram(t *testing.T, program []byte) {
	var children sync.WaitGroup
	value := inGoroutine(func() {
		s := &script{program}
		vars := flatVars
		if s.choose(2) == 1 {
			vars = deepVars()
		}
		a := &actor{
			t: t, vars: vars, script: s, things: &things{}, mayExit: true, children: &children,
			current: &modelContext{values: values{}},
			ctx:     labelled{ctxvar.NewContext(context.Background()), nil},
		}
		// In a goroutine that never set anything, pprof.Do would give it the variables of
		// its ctx: see TestDoInAGoroutineWithoutVariables.
		vars[0].Set(0).Reset()
		a.run()
	})
	children.Wait()
	if value != nil && value != errThrown {
		t.Errorf("panic: %v", value)
	}
	if t.Failed() {
		t.Logf("program: %q", program)
	}
}

// run is the life of a goroutine.
func (a *actor) run() {
	a.check()
	for len(a.script.rest) > 0 {
		a.step()
	}
}

// fail ends the goroutine, because nothing after a difference is meaningful.
func (a *actor) fail(format string, args ...any) {
	a.t.Errorf("%s\nafter: %s", fmt.Sprintf(format, args...), strings.Join(a.trace, ", "))
	runtime.Goexit()
}

func (a *actor) note(format string, args ...any) {
	a.trace = append(a.trace, fmt.Sprintf(format, args...))
}

// body runs steps inside a scope.
func (a *actor) body() {
	a.check()
	if a.depth++; a.depth < maxDepth {
		for range a.script.choose(6) {
			a.step()
		}
	}
	a.depth--
	a.note("}")
}

func (a *actor) step() {
	steps := []func(){
		a.set, a.set, a.set, a.reset, a.reset, a.with,
		a.runCopy, a.runEmpty, a.runKept, a.copyKept,
		a.goAndWait, a.goOn, a.pull,
		a.newContext, a.runCarried,
		a.do, a.do, a.setLabels, a.checkLabels,
		a.detach, a.catch, a.throw,
	}
	a.oneOf(steps)()
	a.check()
}

func (a *actor) oneOf(steps []func()) func() { return steps[a.script.choose(len(steps))] }

// check compares all that can be read of the current context.
func (a *actor) check() {
	c := ctxvar.Copy()
	for i, v := range a.vars {
		want, set := a.current.values[i]
		got, ok := v.Lookup()
		if !set {
			want = v.def
		}
		if got != want || ok != (set || v.hasDefault) || v.Get() != want {
			a.fail("%s: Lookup %d, %t; want %d, set %t", v.Name(), got, ok, want, set)
		}
		if got, ok := v.In(c); ok != set || ok && got != want || c.Contains(v) != set {
			a.fail("%s: In a copy %d, %t; want %d, %t", v.Name(), got, ok, want, set)
		}
		if set && v.GetOr(-1) != want || !set && v.GetOr(-1) != -1 {
			a.fail("%s: GetOr %d; want %d, %t", v.Name(), v.GetOr(-1), want, set)
		}
	}
	a.checkContext(c, a.current.values)
	for _, kept := range a.contexts {
		a.checkContext(kept.real, kept.values)
		if kept.real.Equal(c) != maps.Equal(kept.values, a.current.values) {
			a.fail("Equal of %v and %v is wrong", kept.values, a.current.values)
		}
	}
}

func (a *actor) checkContext(c *ctxvar.Context, want values) {
	got := make(values)
	for v, value := range c.All() {
		i := slices.IndexFunc(a.vars, func(m modelVar) bool { return m.Var == v })
		if i < 0 {
			a.fail("an unknown variable %s", v.Name())
		}
		got[i] = value.(int)
	}
	if !maps.Equal(got, want) || c.Len() != len(want) {
		a.fail("Context has %v (%d), want %v", got, c.Len(), want)
	}
}

func TestModel(t *testing.T) {
	programs := 300
	if raceEnabled || testing.Short() {
		programs = 100
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range programs {
		program := make([]byte, 100+random.IntN(900))
		for j := range program {
			program[j] = byte(random.Uint32())
		}
		if runProgram(t, program); t.Failed() {
			t.Fatalf("program %d of seed %d", i, seed)
		}
	}
}

func FuzzModel(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		program := make([]byte, 256)
		for j := range program {
			program[j] = byte(random.Uint32())
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		// Each step checks all Contexts that earlier ones kept, and what takes longer
		// than ten seconds counts as a hang.
		runProgram(t, program[:min(len(program), 500)])
	})
}
