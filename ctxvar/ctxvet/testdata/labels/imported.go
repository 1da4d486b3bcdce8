package labelsfix

import (
	"context"
	"runtime/pprof"

	vars "github.com/heirloom-go/heirloom/ctxvar"
)

var v = vars.New[int]("v")

func imported() {
	pprof.Do(context.Background(), pprof.Labels(), func(context.Context) { v.Get() }) // want `pprof.Do`

	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}

func shadowed(vars int) {
	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}
