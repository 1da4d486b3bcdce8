package labels

import "context"
import "runtime/pprof"

func single(ctxvar int) {
	pprof.SetGoroutineLabels(context.Background()) // want `SetGoroutineLabels`
}

func single2() {
	pprof.SetGoroutineLabels(context.TODO()) // want `SetGoroutineLabels`
}
