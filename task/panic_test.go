package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

//go:noinline
func explode(v any) { panic(v) }

//go:noinline
func outOfRange(s []int) int { return s[len(s)] }

func panicOf(t *testing.T, fn func()) *task.PanicError {
	t.Helper()
	got := call(func(context.Context) (int, error) { fn(); return 0, nil })
	var pe *task.PanicError
	require.ErrorAs(t, got.err, &pe)
	return pe
}

func lines(stack []byte) []string {
	return strings.Split(strings.TrimSuffix(string(stack), "\n"), "\n")
}

func TestPanicErrorStackIsWhereThePanicHappened(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           func()
		top          string
	}{
		{"panic", "an explicit panic", func() { explode("x") }, "task_test.explode(...)"},
		{"index", "the runtime's own panics start in runtime frames, which are left out", func() { outOfRange(nil) }, "task_test.outOfRange(...)"},
		{"nil pointer", "a fault arrives through a signal", func() { var p *task.PanicError; explode(p.Value) }, "task_test.TestPanicErrorStackIsWhereThePanicHappened.func"},
		{"panic while panicking", "the last panic is the one that ended the function", func() {
			defer explode("second")
			explode("first")
		}, "task_test.explode(...)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			pe := panicOf(t, tt.fn)
			got := lines(pe.Stack)
			require.GreaterOrEqual(t, len(got), 4, "two lines a call:\n%s", pe.Stack)
			assert.Contains(t, got[0], tt.top)
			assert.Contains(t, got[1], "/panic_test.go:")
			assert.Contains(t, got[len(got)-2], "task_test.panicOf.", "the function of the task is the outermost call:\n%s", pe.Stack)
		})
	}
}

func TestPanicErrorPrints(t *testing.T) {
	pe := panicOf(t, func() { explode(errBoom) })
	assert.Regexp(t, `^panic: boom \(in task_test\.explode, panic_test\.go:\d+\)$`, pe.Error())
	assert.Equal(t, pe.Error(), fmt.Sprint(pe))
	assert.Equal(t, fmt.Sprintf("%q", pe.Error()), fmt.Sprintf("%q", pe))
	assert.Equal(t, pe.Error()+"\n\n"+string(pe.Stack), fmt.Sprintf("%+v", pe))

	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Error("failed", "err", pe)
	assert.Contains(t, b.String(), `err.msg="panic: boom (in task_test.explode`)
	assert.Contains(t, b.String(), `err.stack="github.com/heirloom-go/heirloom/task_test.explode(...)`)

	byHand := &task.PanicError{Value: 3}
	assert.EqualError(t, byHand, "panic: 3")
}

func TestPanicErrorUnwraps(t *testing.T) {
	assert.NoError(t, errors.Unwrap(panicOf(t, func() { explode("x") })))
	assert.ErrorIs(t, panicOf(t, func() { explode(errBoom) }), errBoom)
	var re runtime.Error
	assert.ErrorAs(t, panicOf(t, func() { outOfRange(nil) }), &re)
}

// Code that cannot return an error panics with it again; the stack that
// matters is the first one.
func TestPanicErrorSurvivesBeingPanickedAgain(t *testing.T) {
	first := panicOf(t, func() { explode("x") })
	assert.Same(t, first, panicOf(t, func() { panic(first) }))
}

func TestPanicErrorBoundsADeepStack(t *testing.T) {
	var deep func(int)
	deep = func(n int) {
		if n == 0 {
			explode("deep")
		}
		deep(n - 1)
	}
	pe := panicOf(t, func() { deep(1000) })
	got := lines(pe.Stack)
	assert.Contains(t, got[0], "task_test.explode(...)")
	assert.Equal(t, "...more calls elided...", got[len(got)-1])
}

// By the convention of encoding/json, null changes nothing.
func TestPanicErrorFromNull(t *testing.T) {
	before := task.PanicError{Value: "v", Stack: []byte("stack"), Task: "t"}
	e := before
	require.NoError(t, json.Unmarshal([]byte("null"), &e))
	assert.Equal(t, before, e)
	require.NoError(t, e.UnmarshalJSON([]byte("null")))
	assert.Equal(t, before, e)
}
