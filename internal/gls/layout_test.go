package gls_test

import (
	"bytes"
	"context"
	"errors"
	"math/bits"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// The tests in this file are about the Go release, not about this package. If one
// fails, a release has changed something that this package relies on.

const advice = "this Go release keeps goroutine labels in another way: internal/gls has to learn it before anything else is believed"

// The two linknamed functions read and write the same slot as pprof's own functions.
func TestSlotIsPprofs(t *testing.T) {
	ctx := pprof.WithLabels(t.Context(), pprof.Labels("k", "v"))
	pprof.SetGoroutineLabels(ctx)
	defer pprof.SetGoroutineLabels(context.Background())
	require.Equal(t, gls.LabelValue(ctx.Value(gls.PprofKeyValue)), gls.Slot(), advice)
	require.NotNil(t, gls.Slot(), advice)

	pprof.SetGoroutineLabels(context.Background())
	require.Nil(t, gls.Slot(), advice)
}

// label puts labels on the running goroutine and returns the slot.
func label(kv ...string) unsafe.Pointer {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(kv...)))
	return gls.Slot()
}

// The slot is inherited by every goroutine, and the child's is its own.
func TestSlotIsInherited(t *testing.T) {
	parent := label("who", "parent")
	defer gls.SetSlot(nil)
	child := make(chan unsafe.Pointer)
	go func() {
		child <- gls.Slot()
		child <- label("who", "child")
	}()
	require.Equal(t, parent, <-child, advice)
	require.NotEqual(t, parent, <-child, advice)
	require.Equal(t, parent, gls.Slot(), advice)
}

// A goroutine that the runtime made anew has nothing, even in a g that was used before.
func TestSlotIsClearedAtTheEnd(t *testing.T) {
	for range 100 {
		done := make(chan struct{})
		go func() { // with nothing to inherit
			defer close(done)
			label("k", "v")
			setValue(0, "value")
		}()
		<-done
		fresh := make(chan unsafe.Pointer)
		go func() {
			fresh <- gls.Slot()
			fresh <- unsafe.Pointer(gls.Current())
		}()
		require.Nil(t, <-fresh, advice)
		require.Nil(t, <-fresh, advice)
	}
}

// pprof's label set has the size and the fields that labelSet and record describe.
func TestLayout(t *testing.T) {
	value := pprof.WithLabels(t.Context(), pprof.Labels("k", "v")).Value(gls.PprofKeyValue)
	typ := reflect.TypeOf(value)
	require.True(t, gls.IsLabelSet(typ), "%s: %v", advice, typ)
	require.Equal(t, gls.LabelSetSize, typ.Elem().Size(), advice)
	elem := typ.Elem()
	for elem.Kind() == reflect.Struct {
		elem = elem.Field(0).Type
	}
	require.Equal(t, gls.RecordSize, elem.Elem().Size(), advice)
}

func TestLayoutRefused(t *testing.T) {
	type pair struct{ _, _ string }
	tests := []struct {
		reason string
		value  any
		want   bool
	}{
		{"Go 1.25's and later", &struct{ s struct{ list []pair } }{}, true},
		{"a map, as it was before Go 1.24", &map[string]string{}, false},
		{"not a pointer", struct{ list []pair }{}, false},
		{"a field more, before the list or after", &struct {
			list []pair
			hash uint64
		}{}, false},
		{"a label of three strings", &struct{ list []struct{ k, v, unit string } }{}, false},
		{"a label with a number", &struct {
			list []struct {
				k string
				v int
			}
		}{}, false},
		{"no labels at all", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			require.Equal(t, tt.want, gls.IsLabelSet(reflect.TypeOf(tt.value)))
		})
	}
}

// getg distinguishes goroutines, and does not change within one.
func TestG(t *testing.T) {
	mine := gls.G()
	require.NotZero(t, mine)
	other := make(chan uintptr)
	go func() {
		g := gls.G()
		// A stack that grows is moved, and the g is not.
		require.NotZero(t, grow(1<<16))
		runtime.Gosched()
		if g != gls.G() {
			g = 0
		}
		other <- g
	}()
	theirs := <-other
	require.NotZero(t, theirs, "a goroutine's g moved")
	require.NotEqual(t, mine, theirs)
	require.Equal(t, mine, gls.G())
}

// goid returns the number that the runtime prints, in goroutines of every kind.
func TestGoid(t *testing.T) {
	require.Equal(t, gls.StackGoid(), gls.Goid(), advice)
	seen := map[uint64]bool{gls.Goid(): true}
	for range 200 {
		onGoroutine(func() {
			id := gls.Goid()
			require.Equal(t, gls.StackGoid(), id, advice)
			require.False(t, seen[id], "an id is used twice")
			seen[id] = true
			runtime.LockOSThread()
			require.NotZero(t, grow(1<<16))
			runtime.Gosched()
			require.Equal(t, id, gls.Goid(), advice)
		})
	}
}

func grow(n int) byte {
	var page [4096]byte
	page[n%len(page)] = 1
	if n > len(page) {
		return grow(n-len(page)) | page[n%len(page)]
	}
	return page[n%len(page)] | 1
}

// The runtime itself prints labels in tracebacks if asked to.
func TestTraceback(t *testing.T) {
	if os.Getenv("GLS_TEST_CRASH") != "" {
		pprof.Do(context.Background(), pprof.Labels("user", "label"), func(context.Context) {
			setValue(0, "a value nobody should see")
			panic("crash")
		})
	}
	if runtime.GOARCH == "wasm" {
		t.Skip("no processes to run on wasm")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run=^TestTraceback$")
	cmd.Env = append(os.Environ(), "GLS_TEST_CRASH=1", "GODEBUG=tracebacklabels=1")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("the tests run in an emulator, which their children would lack")
	}
	require.Error(t, err)
	require.Contains(t, string(out), "panic: crash", "the child crashed for another reason")
	require.NotContains(t, string(out), "nobody should see")
	if strings.Contains(string(out), "user") { // Go 1.26 and later
		header, _, _ := bytes.Cut(out[bytes.Index(out, []byte("goroutine ")):], []byte("\n"))
		require.Contains(t, string(header), "label")
		require.NotContains(t, string(header), `""`)
	}
}

func TestPlaces(t *testing.T) {
	const all = 1<<48 - 1
	id := gls.PlacesOf(gls.Goid(), all)
	require.NotZero(t, id)
	require.Zero(t, gls.PlacesOf(gls.Goid(), all&^id), "only among those that are asked for")
	require.Greater(t, bits.OnesCount64(gls.PlacesOf(0, all)), 1, "all of them")
}
