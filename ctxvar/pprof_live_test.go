package ctxvar_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// setAndReset is the work of the goroutines that are profiled here: it keeps
// the variables changing until stop, under the labels that its caller set.
//
//go:noinline
func setAndReset(vars []*ctxvar.Var[int], ctx context.Context, stop *atomic.Bool) {
	for i := 0; !stop.Load(); i++ {
		v := vars[i%len(vars)]
		tok := v.Set(i)
		if got := v.Get(); got != i {
			panic(fmt.Sprintf("set %d, got %d", i, got))
		}
		tok.Reset()
		if i%64 == 0 {
			pprof.Do(ctx, pprof.Labels("step", "do"), func(context.Context) { v.With(i, runtime.Gosched) })
			ctxvar.Copy().Run(func() { v.Set(i) })
		}
		if i%8 == 0 {
			runtime.Gosched() // gives thousands of waiting goroutines their turn
		}
	}
}

// setters runs n goroutines of setAndReset, in four groups by their label
// worker, while fn runs.
func setters(n int, fn func()) {
	vars := ints(100)
	var stop atomic.Bool
	var ready, wg sync.WaitGroup
	ready.Add(n)
	for i := range n {
		wg.Go(func() {
			vars[i%len(vars)].Set(-1)
			ctx := ctxvar.NewContext(context.Background())
			pprof.Do(ctx, pprof.Labels("worker", fmt.Sprint(i%4)), func(ctx context.Context) {
				ready.Done()
				setAndReset(vars, ctx, &stop)
			})
		})
	}
	defer wg.Wait()
	defer stop.Store(true)
	ready.Wait()
	fn()
}

// workerLabels are the only labels that a sample of setAndReset may have.
var workerLabels = regexp.MustCompile(`^\[(step=do )?worker=[0-3]\]$`)

// population returns how many goroutines to run: thousands, unless an interpreter or a
// race detector would take minutes for them.
func population() int {
	if raceEnabled || testing.Short() || runtime.GOARCH == "wasm" {
		return 200
	}
	return 2000
}

// A CPU profile and goroutine dumps of all kinds, taken while thousands of
// goroutines set and reset, are well formed and have the user's labels on
// each sample, and no others.
func TestProfilesWhileSetting(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("nothing runs at the same time here, and there is no CPU profile")
	}
	// The number of samples depends on how much processor time the tests get, so the test
	// takes profiles until there are enough.
	seen := make(map[string]int)
	for round, total := 1, 0; total < 30 || len(seen) < 4; round++ {
		require.Less(t, round, 500, "CPU profiles have samples of all the workers: %v", seen)
		var cpu bytes.Buffer
		require.NoError(t, pprof.StartCPUProfile(&cpu))
		setters(population(), func() {
			for begin := time.Now(); time.Since(begin) < 200*time.Millisecond; {
				checkDumps(t)
			}
		})
		pprof.StopCPUProfile()

		for _, s := range parseProfile(t, cpu.Bytes()) {
			labels := fmt.Sprint(s.labels)
			if s.in("setAndReset") {
				require.Regexp(t, workerLabels, labels, "%v", s.functions)
				seen[labels]++
				total++
			} else if labels != "[]" {
				require.Regexp(t, workerLabels, labels, "%v", s.functions)
			}
		}
	}
	t.Logf("samples by labels: %v", seen)
}

// checkDumps takes a goroutine profile in each format, and a dump of stacks.
func checkDumps(t *testing.T) {
	var binary, text, stacks bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&binary, 0))
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&text, 1))
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&stacks, 2))

	workers := 0
	for _, s := range parseProfile(t, binary.Bytes()) {
		if s.in("setAndReset") {
			require.Regexp(t, workerLabels, fmt.Sprint(s.labels))
			workers++
		}
	}
	require.Positive(t, workers)
	for _, line := range labelsLine.FindAllStringSubmatch(text.String(), -1) {
		require.Regexp(t, `^\{("":"", )?("step":"do", )?"worker":"[0-3]"\}$`, line[1])
	}
	require.Contains(t, text.String(), `"worker":"3"`)
	require.Contains(t, stacks.String(), "setAndReset")
}

// Every profile that the runtime knows can be written while values change.
func TestAllProfilesWhileSetting(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("nothing runs at the same time here")
	}
	setters(20, func() {
		for _, profile := range pprof.Profiles() {
			for debug := range 3 {
				var out bytes.Buffer
				assert.NoError(t, profile.WriteTo(&out, debug), profile.Name())
				assert.NotZero(t, out.Len(), profile.Name())
			}
		}
	})
}

// childPrograms are what a re-executed test binary runs in place of the tests.
var childPrograms = map[string]func(){
	"dump with variables":     func() { dumpChild(true) },
	"dump without variables":  func() { dumpChild(false) },
	"crash with variables":    func() { dumpChild(true); panic("crash") },
	"crash without variables": func() { dumpChild(false); panic("crash") },
}

// dumpChild prints a dump of goroutines with labels, with variables set or not.
func dumpChild(variables bool) {
	ready, release := make(chan struct{}), make(chan struct{})
	work := func() {
		ready <- struct{}{}
		<-release
	}
	const goroutines = 3
	for i := range goroutines {
		go func() {
			ctx := context.Background()
			if variables {
				tenant.Set("acme")
				ctx = ctxvar.NewContext(ctx)
			}
			pprof.Do(ctx, pprof.Labels("worker", fmt.Sprint(i)), func(ctx context.Context) {
				if variables {
					region.Set("eu")
				}
				pprof.Do(ctx, pprof.Labels("quoted", `a "quoted" value`, "é", "ü"), func(context.Context) {
					if variables {
						region.Set(tenant.Get())
					}
					work()
				})
			})
		}()
	}
	if variables {
		tenant.Set("main")
	}
	for range goroutines {
		<-ready
	}
	buf := make([]byte, 64<<10)
	fmt.Printf("%s\n", buf[:runtime.Stack(buf, true)])
}

// runChild runs a program of childPrograms under GODEBUG, and returns its output and
// its exit code.
func runChild(t *testing.T, name, godebug string) (string, int) {
	t.Helper()
	if runtime.GOARCH == "wasm" {
		t.Skip("there are no processes here")
	}
	executable, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), executable)
	cmd.Env = append(os.Environ(), childEnv+"="+name, "GODEBUG="+godebug, "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("the tests run in an emulator, which their children would lack")
	}
	if err != nil {
		require.IsType(t, (*exec.ExitError)(nil), err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var goroutineHeader = regexp.MustCompile(`(?m)^goroutine \d+ .*?\[([^\]]*)\](.*)$`)

// headers returns the headers of a dump without the goroutine's number, and without
// whether it waits or is just about to.
func headers(dump string) []string {
	var list []string
	for stack := range strings.SplitSeq(dump, "\n\n") {
		m := goroutineHeader.FindStringSubmatch(stack)
		if m == nil ||
			strings.Contains(stack, "created by github.com/heirloom-go/heirloom/internal/gls.") || // may not have ended quite yet since the start
			strings.Contains(stack, "runtime.runCleanups") { // is there while a collection ends
			continue
		}
		list = append(list, m[2])
	}
	return list
}

// GODEBUG=tracebacklabels=1, the default from Go 1.27 on, puts labels into goroutine
// dumps and crash reports. They are the same as without Heirloom.
func TestTracebackLabels(t *testing.T) {
	for _, program := range []string{"dump", "crash"} {
		for _, labels := range []string{"0", "1"} {
			t.Run(program+" "+labels, func(t *testing.T) {
				godebug := "tracebacklabels=" + labels
				want, wantCode := runChild(t, program+" without variables", godebug)
				got, code := runChild(t, program+" with variables", godebug)
				assert.Equal(t, wantCode, code, got)
				assert.GreaterOrEqual(t, len(headers(want)), 4, want)
				assert.ElementsMatch(t, headers(want), headers(got), got)
				if program == "crash" {
					assert.Contains(t, got, "panic: crash")
					assert.Equal(t, strings.Count(want, "[signal "), strings.Count(got, "[signal "))
				}
				if labels == "1" && strings.Contains(want, "worker") {
					assert.Contains(t, got, "quoted")
					t.Log(strings.Join(headers(got), "\n"))
				}
			})
		}
	}
}
