package token

import (
	"github.com/heirloom-go/heirloom/ctxvar"

	"example.com/testdata/token/vars"
)

func twice(fail bool, param *ctxvar.Token[int]) {
	t := v.Set(1)
	t.Reset()
	t.Reset() // want `the token is reset twice, which panics: the other reset is in line 11`

	t2 := v.Set(1)
	defer t2.Reset()
	if fail {
		v.Reset(t2) // want `the other reset is in line 15`
	}

	t3 := v.Set(1)
	defer func() {
		work()
		t3.Reset()
	}()
	t3.Reset() // want `the other reset is in line 23`

	param.Reset()
	defer param.Reset() // want `the token is reset twice`

	for range 3 {
		t4 := v.Set(1)
		if fail {
			t4.Reset()
			t4.Reset() // want `the other reset is in line 33`
			continue
		}
		t4.Reset()
	}

	func() {
		t := v.Set(2)
		v.Reset(t)
		v.Reset(t) // want `the other reset is in line 42`
	}()
}

func once(fail bool, param *ctxvar.Token[int]) {
	t := v.Set(1)
	if fail {
		t.Reset()
		return
	}
	t.Reset()

	t2 := v.Set(1) // want `neither reset nor kept on a path`
	if fail {
		t2.Reset()
	}
	if !fail {
		t2.Reset()
	}

	t3 := v.Set(1)
	t3.Reset()
	t3 = v.Set(2)
	t3.Reset()

	var t4 *ctxvar.Token[int]
	for range 2 {
		t4 = v.Set(1)
		t4.Reset()
	}

	t5 := v.Set(1)
	done := false
	defer func() {
		if !done {
			t5.Reset()
		}
	}()
	if fail {
		done = true
		t5.Reset()
	}

	switch {
	case fail:
		param.Reset()
	default:
		param.Reset()
	}
	if fail {
		panic("fails")
	}
}

func reassigned(param *ctxvar.Token[int]) {
	param.Reset()
	param = v.Set(1)
	param.Reset()
}

// Tokens of other variables.

var (
	alias     = v
	changing  = ctxvar.New[int]("changing")
	wrapped   = newVar("wrapped")
	byPointer = ctxvar.New[int]("by pointer")
)

func newVar(name string) *ctxvar.Var[int] { return ctxvar.New[int](name) }

func change() {
	changing = v
	p := &byPointer
	*p = v
}

func other(fail bool, param *ctxvar.Var[int]) {
	t := v.Set(1)
	defer w.Reset(t) // want `the token is of v and not of w, which panics: use the token's own Reset`
	t2 := vars.User.Set("x")
	vars.Tenant.Reset(t2)                      // want `the token is of User and not of Tenant`
	defer vars.Tenant.Reset(vars.User.Set("")) // want `the token is of User and not of Tenant`
	local := w
	t3 := local.Set(1)
	v.Reset(t3) // want `the token is of w and not of v`
	var t4 *ctxvar.Token[int]
	if fail {
		t4 = v.Set(1)
	} else {
		t4 = v.Set(2)
	}
	w.Reset(t4) // want `the token is of v and not of w`
}

func own(fail bool, param *ctxvar.Var[int]) {
	t := v.Set(1)
	defer v.Reset(t)
	t2 := v.Set(1)
	alias.Reset(t2)
	t3 := changing.Set(1)
	v.Reset(t3)
	t4 := param.Set(1)
	v.Reset(t4)
	t5 := wrapped.Set(1)
	v.Reset(t5)
	t6 := byPointer.Set(1)
	v.Reset(t6)
	t7 := v.Set(1) // want `neither reset nor kept on a path`
	if fail {
		t7 = w.Set(1)
	}
	w.Reset(t7)
	t8 := vars.Alias.Set("")
	vars.User.Reset(t8)
}

func twiceByAnotherName(param *ctxvar.Token[int]) {
	t := v.Set(1)
	t2 := t
	t3 := t2
	t.Reset()
	t3.Reset() // want `the token is reset twice, which panics: the other reset is in line \d+`

	same := param
	defer same.Reset()
	param.Reset() // want `the token is reset twice`

	undo := v.Set(2).Reset
	undo()
	undo() // want `the token is reset twice`

	t4 := v.Set(3)
	undo4 := t4.Reset
	defer undo4()
	t4.Reset() // want `the token is reset twice`
}

func onceByAnotherName(fail bool) {
	t := v.Set(1)
	t2 := t
	if fail {
		t.Reset()
	} else {
		t2.Reset()
	}

	a := v.Set(1)
	b := a
	a = v.Set(2)
	a.Reset()
	b.Reset()

	var last *ctxvar.Token[int]
	for range 3 {
		c := v.Set(1)
		if last != nil {
			last.Reset()
		}
		last = c
	}
	last.Reset()

	d := v.Set(1)
	undo := d.Reset
	d = v.Set(2)
	d.Reset()
	undo()

	undoAll := func() {}
	undoAll()
	undoAll()
}
