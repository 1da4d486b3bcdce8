package ctxvar_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Cleanups share a few goroutines, one after the other, and for the race detector each has a goroutine
// of its own. What one leaves in the goroutine must not be reported when the next one looks at it.
//
// It runs in a process of its own, because what is left there stays.
func TestCleanupsDoNotRace(t *testing.T) {
	const inside = "HEIRLOOM_TEST_CLEANUPS"
	if os.Getenv(inside) == "" {
		if runtime.GOARCH == "wasm" {
			t.Skip("there are no processes")
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestCleanupsDoNotRace$", "-test.timeout=2m")
		cmd.Env = append(os.Environ(), inside+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	v := ctxvar.New("v", ctxvar.Default("none"))
	uses := []func(){
		func() { v.With("with", func() {}) },
		func() { v.Get() },
		func() { ctxvar.Work(func() { v.Set("work") }) },
		func() {
			ctxvar.Detach(func() {
				assert.Equal(t, "none", v.Get())
				v.Set("detached")
				ctx := ctxvar.NewContext(context.Background())
				pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { v.Set("labelled") })
				inGoroutine(func() { v.Set("child") })
			})
		},
		func() { v.Set("left") }, // misuse, which the next ones see
	}
	done := make(chan struct{})
	const n = 60
	for i := range n {
		type resource struct{ _ *int }
		runtime.AddCleanup(new(resource), func(i int) {
			defer func() { done <- struct{}{} }()
			uses[i%len(uses)]()
		}, i)
	}
	for range n {
		runtime.GC()
		<-done
	}
}
