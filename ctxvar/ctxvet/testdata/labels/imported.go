package labels

import (
	"context"
	"runtime/pprof"

	vars "github.com/heirloom-go/heirloom/ctxvar"
)

var other = vars.New[int]("other")

func imported() {
	pprof.Do(context.Background(), pprof.Labels(), func(context.Context) { other.Get() }) // want `pprof.Do`

	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}

func shadowed(vars int) {
	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}
