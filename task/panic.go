package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
)

// PanicError is the error of a task whose function panicked.
//
// A PanicError is made once, where the panic was recovered. Every Await, group
// and gather that it passes through returns it unchanged, even if one of them
// panics with it again, so Stack always shows where the first panic happened.
type PanicError struct {
	// Value is the value that the function panicked with.
	Value any

	// Stack is the stack of the goroutine at the moment of the panic, in the
	// runtime's format and with the innermost call first. It begins with the
	// function that panicked and ends with the one that the task was started
	// with.
	Stack []byte

	// Task is the name of the task in which the panic happened, or "" if it
	// happened in none.
	Task string

	// place is the innermost call of Stack, for the one line of Error.
	place string
}

// maxFrames bounds the calls looked at for a panic's stack. The runtime's own
// traceback stops at 100 too.
const maxFrames = 100

// newPanicError describes a panic that the calling deferred function has just
// recovered: the calls that led to it are still below it on the stack.
func newPanicError(value any) *PanicError {
	if again, ok := value.(*PanicError); ok && again != nil {
		return again
	}
	var pcs [maxFrames]uintptr
	n := runtime.Callers(2, pcs[:])
	calls, whole := panickingCalls(pcs[:n])
	e := &PanicError{Value: value}
	if t := Current(); t != nil {
		e.Task = t.Name()
	}
	var b bytes.Buffer
	for i, f := range calls {
		if i == 0 {
			e.place = lastElement(f.Function) + ", " + lastElement(f.File) + ":" + strconv.Itoa(f.Line)
		}
		fmt.Fprintf(&b, "%s(...)\n\t%s:%d +0x%x\n", f.Function, f.File, f.Line, f.PC-f.Entry)
	}
	if !whole {
		b.WriteString("...more calls elided...\n")
	}
	e.Stack = b.Bytes()
	return e
}

// panickingCalls resolves the part of pcs between the calls above the panic
// (our recovery and the runtime's panic machinery) and those below the function
// that was protected from it (our call and its callers). It reports whether it
// found that part.
func panickingCalls(pcs []uintptr) (calls []runtime.Frame, whole bool) {
	panicked := false
	frames := runtime.CallersFrames(pcs)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case strings.HasPrefix(f.Function, protectPrefix) && strings.HasSuffix(f.Function, protectSuffix):
			return calls, true
		case !panicked:
			panicked = f.Function == "runtime.gopanic"
		case len(calls) > 0 || !strings.HasPrefix(f.Function, "runtime."):
			calls = append(calls, f)
		}
	}
	return calls, false
}

// The name of the method that recovers, ending.protect, on the stack.
const (
	protectPrefix = "github.com/heirloom-go/heirloom/task.(*ending["
	protectSuffix = ".protect"
)

// lastElement drops the directories of a path or of a function's package.
func lastElement(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}

// Error returns the value and the place of the panic in one line. The whole
// stack is in Stack, and the verb %+v prints both.
func (e *PanicError) Error() string {
	var b strings.Builder
	if e.Task != "" {
		fmt.Fprintf(&b, "task %q: ", e.Task)
	}
	fmt.Fprintf(&b, "panic: %v", e.Value)
	if e.place != "" {
		fmt.Fprintf(&b, " (in %s)", e.place)
	}
	return b.String()
}

// Unwrap returns Value if the function panicked with an error, and nil
// otherwise, so that errors.Is and errors.As see through the panic.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format prints the error as Error does; the verb %+v adds the stack.
func (e *PanicError) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'v' && s.Flag('+'):
		fmt.Fprintf(s, "%s\n\n%s", e.Error(), e.Stack)
	case verb == 'q':
		fmt.Fprintf(s, "%q", e.Error())
	default:
		_, _ = io.WriteString(s, e.Error())
	}
}

// LogValue makes log/slog record the message and the stack as two attributes.
func (e *PanicError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("msg", e.Error()),
		slog.String("stack", string(e.Stack)),
	)
}

// panicJSON is the JSON form of a PanicError.
type panicJSON struct {
	Value string `json:"value"`
	Stack string `json:"stack"`
	Task  string `json:"task,omitempty"`
	Place string `json:"place,omitempty"`
}

// MarshalJSON encodes e for another process: the text of Value, as fmt.Sprint
// prints it, Stack, Task, and the place that Error names.
func (e *PanicError) MarshalJSON() ([]byte, error) {
	return json.Marshal(panicJSON{fmt.Sprint(e.Value), string(e.Stack), e.Task, e.place})
}

// UnmarshalJSON sets e to the error that MarshalJSON encoded, except that Value
// is its text: e has the same Error, Stack and Task, and wraps nothing. The JSON
// null leaves e as it is, by the convention of encoding/json.
func (e *PanicError) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var in panicJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("task: not a PanicError: %w", err)
	}
	*e = PanicError{Value: in.Value, Stack: []byte(in.Stack), Task: in.Task, place: in.Place}
	return nil
}
