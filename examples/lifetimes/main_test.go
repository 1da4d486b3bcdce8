package main_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreCurrent(), // the goroutines of a pool that ants opens when the program starts
		// The goroutines of fasthttp check only now and then whether they are still needed.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// A session is a value of a request that must not outlive the request.
type session [64 << 10]byte

var currentSession = ctxvar.New[*session]("session")

// serve calls handle as the handler of a request, in a goroutine that ends with the
// request, with a session and with the label request=id. It returns a weak pointer,
// which shows whether the session still exists.
func serve(id string, handle func()) weak.Pointer[session] {
	var pointer weak.Pointer[session]
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := new(session)
		pointer = weak.Make(s)
		currentSession.Set(s)
		ctxvar.Do(context.Background(), pprof.Labels("request", id), func(context.Context) { handle() })
	}()
	<-done
	return pointer
}

// assertKept asserts that something keeps the session alive.
func assertKept(t *testing.T, s weak.Pointer[session], msg ...any) {
	t.Helper()
	runtime.GC()
	assert.NotNil(t, s.Value(), msg...)
}

// assertCollected asserts that nothing keeps the session alive once goroutines that are
// about to end have ended.
func assertCollected(t *testing.T, s weak.Pointer[session], msg ...any) {
	t.Helper()
	assert.Eventually(t, func() bool {
		runtime.GC()
		return s.Value() == nil
	}, time.Minute, time.Millisecond, msg...)
}

// assertHeirs asserts which goroutines have the label of a request: those that it started,
// and those that these started. They are given by the functions that they began with.
// Goroutines that are about to end do not count.
func assertHeirs(t *testing.T, id string, want ...string) {
	t.Helper()
	var got []string
	assert.Eventually(t, func() bool {
		got = heirs(id)
		return slices.Equal(want, got)
	}, time.Minute, time.Millisecond, "want %q, got %q", want, &got)
}

func heirs(id string) []string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	var found []string
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if !strings.Contains(stack, `# labels: {"request":"`+id+`"}`) {
			continue
		}
		// #	0x4b2d07	database/sql.(*DB).connectionOpener+0x87	…/sql.go:1261
		lines := strings.Split(strings.TrimSpace(stack), "\n")
		began := strings.Split(lines[len(lines)-1], "\t")
		if len(began) < 3 {
			found = append(found, "one that has not begun")
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSpace(began[2]), "+0x")
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}
