package labels

import (
	"context"
	"runtime/pprof"
)

func notImported(l pprof.LabelSet) {
	ctx := context.Background()

	pprof.Do(ctx, l, func(context.Context) {}) // want `pprof.Do`
}
