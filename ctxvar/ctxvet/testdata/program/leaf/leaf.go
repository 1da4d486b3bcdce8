// Package leaf knows nothing of ctxvar.
package leaf

import (
	"context"
	"runtime/pprof"
)

func Label() { pprof.SetGoroutineLabels(context.Background()) }
