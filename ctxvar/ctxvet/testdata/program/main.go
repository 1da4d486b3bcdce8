// Program makes one mistake of each kind, without importing ctxvar itself.
package main

import (
	"context"
	"runtime/pprof"

	"example.com/testdata/program/leaf"
	"example.com/testdata/program/mid"
)

func main() {
	defer mid.User.Set("a")
	mid.NewVar("local").Set("b")
	leaf.Label()
	pprof.SetGoroutineLabels(context.Background())
}
