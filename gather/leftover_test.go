package gather_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// lockedToThread reports whether the running goroutine is locked to its thread,
// according to its stack trace: goroutine 7 [running, locked to thread].
func lockedToThread() bool {
	header, _, _ := strings.Cut(string(debug.Stack()), "\n")
	return strings.Contains(header, "locked to thread")
}

// The package's doc says what a job must undo itself. If it does not, the next job in
// its goroutine finds it.
func TestWhatAJobLeavesOnItsGoroutine(t *testing.T) {
	panicsOnFault := func() bool {
		was := debug.SetPanicOnFault(false)
		debug.SetPanicOnFault(was)
		return was
	}
	for _, tt := range []struct {
		reason string
		job    func()
		found  func() bool
		want   bool
	}{
		{"nothing was done", func() {}, func() bool { return panicsOnFault() || lockedToThread() }, false},
		{"faults panic still", func() { debug.SetPanicOnFault(true) }, panicsOnFault, true},
		{"it was reset", func() { defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) }, panicsOnFault, false},
		{"it is on its thread still", runtime.LockOSThread, lockedToThread, true},
		{"it was unlocked", func() { runtime.LockOSThread(); defer runtime.UnlockOSThread() }, lockedToThread, false},
	} {
		for name, inTurn := range map[string]func(*testing.T, ...func()){"Each": eachInTurn, "Group": groupInTurn} {
			t.Run(name+": "+tt.reason, func(t *testing.T) {
				var first, second, third uint64
				var found bool
				inTurn(t,
					func() { first = gls.Goroutine(); tt.job() },
					func() { second = gls.Goroutine(); found = tt.found() },
				)
				require.Equal(t, first, second, "one goroutine runs both")
				assert.Equal(t, tt.want, found)

				inTurn(t, func() {
					third = gls.Goroutine()
					assert.False(t, panicsOnFault() || lockedToThread(), "it ends with the goroutine")
				})
				assert.NotEqual(t, first, third)
				assert.False(t, panicsOnFault() || lockedToThread(), "the caller's goroutine is not one of them")
			})
		}
	}
}

func eachInTurn(t *testing.T, jobs ...func()) {
	require.NoError(t, gather.Each(t.Context(), jobs, func(_ context.Context, job func()) error {
		job()
		return nil
	}, gather.Limit(1)))
}

// groupInTurn puts all jobs into the group before the first one ends, so that its
// worker runs all of them.
func groupInTurn(t *testing.T, jobs ...func()) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		g.SetLimit(1)
		begin := make(chan struct{})
		for _, job := range jobs {
			go g.Go(func() error {
				<-begin
				job()
				return nil
			})
			synctest.Wait()
		}
		close(begin)
		synctest.Wait()
		require.NoError(t, g.Wait())
	})
}
