package clean

// The real thing imports "C".

import (
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
	"golang.org/x/sync/errgroup"
)

var v = ctxvar.New[int]("v")

//export onEvent
func onEvent(n int) { // want `onEvent is called by C with the variables of an earlier call, also where it calls v.Get: begin with ctxvar.Detach`
	fmt.Println(v.Get() + n)
}

//export onOther
func onOther(n int) { // want `onOther is called by C with the variables of an earlier call, also where it calls handle`
	if n > 1 {
		handle(n)
	}
}

//export onGroup
func onGroup() { // want `where it calls g.Wait`
	var g errgroup.Group
	g.Wait()
}

//export onCallback
func onCallback(fn func()) { // want `where it calls fn`
	fn()
}

// onPartly begins late.
//
//export onPartly
func onPartly() { // want `where it calls handle`
	handle(1)
	ctxvar.Detach(func() { handle(2) })
}

//export onArgument
func onArgument() { // want `where it calls handler`
	ctxvar.Detach(handler())
}

//export cleanDetach
func cleanDetach(n int) (result int) {
	fmt.Println(len("x"))
	ctxvar.Detach(func() { result = handle(n) })
	return int(result)
}

//export cleanEmpty
func cleanEmpty() { ctxvar.Empty().Run(func() { handle(1) }) }

//export cleanFunc
func cleanFunc() { ctxvar.Detach(work) }

//export cleanStandard
func cleanStandard(n int) string {
	defer func() { recover() }()
	return fmt.Sprint(n)
}

// notExported is for Go only: export it is not.
func notExported() { handle(1) }

func handle(n int) int { return v.Get() + n }

func handler() func() { return work }

func work() { handle(1) }
