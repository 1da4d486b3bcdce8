package labels

import (
	"context"
	"runtime/pprof"

	_ "github.com/heirloom-go/heirloom/ctxvar"
)

func blank() {
	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}
