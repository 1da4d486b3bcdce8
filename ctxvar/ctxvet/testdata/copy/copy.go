package copy

import (
	"fmt"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var v = ctxvar.New[int]("v")

var zero ctxvar.Var[int] // want `the zero ctxvar.Var is not a variable, and its use panics: use the pointer that ctxvar.New returns`

type config struct {
	V ctxvar.Var[string]   // want `the zero ctxvar.Var`
	T ctxvar.Token[string] // want `the zero ctxvar.Token belongs to no variable, and its use panics: use the pointer that Set returns`
	W *ctxvar.Var[string]
}

type embedded struct {
	ctxvar.Var[int] // want `the zero ctxvar.Var`
}

type (
	short  = ctxvar.Var[int]
	shorts []short // want `the zero ctxvar.Var`
)

func make1() {
	_ = new(ctxvar.Var[int])             // want `the zero ctxvar.Var`
	_ = &ctxvar.Var[int]{}               // want `the zero ctxvar.Var`
	_ = make(map[string]ctxvar.Var[int]) // want `the zero ctxvar.Var`
	var s short                          // want `the zero ctxvar.Var`
	s.Get()
}

func copies(v *ctxvar.Var[int], t *ctxvar.Token[int], c *ctxvar.Context) {
	w := *v        // want `a copy of a ctxvar.Var cannot be used, and panics: use the pointer`
	take(*v)       // want `a copy of a ctxvar.Var`
	_ = &[]any{*t} // want `a copy of a ctxvar.Token`
	d := *c        // want `a copy of a ctxvar.Context`
	w.Get()
	d.Len()
}

func take(v ctxvar.Var[int]) { // want `the zero ctxvar.Var`
	v.Get()
}

func result() ctxvar.Var[int] { // want `the zero ctxvar.Var`
	return *v // want `a copy of a ctxvar.Var`
}

// What is right.

var pointer atomic.Pointer[ctxvar.Var[int]]

func right(v *ctxvar.Var[int], s *short, all []*ctxvar.Var[int], m map[string]*ctxvar.Token[int]) {
	_ = *v
	(*v).Get()
	w := &*v
	w.Get()
	pointer.Store(v)
	x := any(v).(*ctxvar.Var[int])
	fmt.Println(x)
	_ = new(*ctxvar.Var[int])
	_ = func(*ctxvar.Var[int]) *ctxvar.Context { return nil }
	_ = (*ctxvar.Var[int])(s)
}
