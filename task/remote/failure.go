package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A Failure is an error in a form that travels: its text, and what errors.Is and
// errors.As are to find in it.
type Failure struct {
	Text string `json:"text"`
	// Canceled is true if the function ended because its ctx was cancelled.
	Canceled bool           `json:"canceled,omitempty"`
	Is       []string       `json:"is,omitempty"` // names of sentinels
	As       []TypedFailure `json:"as,omitempty"` // in the order in which errors.As finds them
}

// A TypedFailure is an error of a type that [Type] named.
type TypedFailure struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// Bounds of what is encoded of an error, which may be a large tree or, by mistake, an
// endless one, and of what is accepted of an error that was received.
const (
	maxErrorNodes = 1000
	maxErrorText  = 64 << 10
	maxErrorParts = 100
)

// NewFailure returns err in a form that travels, or nil if err is nil. If a
// method of err panics or calls [runtime.Goexit], only the information that it would have
// returned is missing.
func NewFailure(err error) *Failure {
	if err == nil {
		return nil
	}
	return newFailure(err, func() bool { return false })
}

// newFailure is NewFailure with the result of canceled as [Failure.Canceled]. canceled may
// call methods of err too. All of these run in goroutines that they may end.
func newFailure(err error, canceled func() bool) *Failure {
	f := &Failure{Text: fmt.Sprintf("%T, whose method Error did not return", err)}
	verdict.Apart(func() { f.Text = textOf(err) })
	verdict.Apart(func() { f.Is = sentinelsIn(err) })
	verdict.Apart(func() { f.addTypes(err, new(int)) })
	verdict.Apart(func() { f.Canceled = canceled() })
	return f
}

// sentinelsIn returns the names of the sentinels in err.
func sentinelsIn(err error) (found []string) {
	registry.mu.RLock()
	sentinels := make([]string, 0, len(registry.sentinels))
	for name := range registry.sentinels {
		sentinels = append(sentinels, name)
	}
	registry.mu.RUnlock()
	slices.Sort(sentinels)
	for _, name := range sentinels {
		registry.mu.RLock()
		sentinel := registry.sentinels[name]
		registry.mu.RUnlock()
		if is(err, sentinel) {
			found = append(found, name)
		}
	}
	return found
}

// addTypes walks err as errors.As does.
func (f *Failure) addTypes(err error, nodes *int) {
	if *nodes++; err == nil || *nodes > maxErrorNodes || len(f.As) >= maxErrorParts {
		return
	}
	defer func() { _ = recover() }() // of the methods of err
	if timeout, ok := err.(*task.TimeoutError); ok && timeout != nil {
		// It contains an error, which JSON can't represent, and which is part of err.
		err = &wireTimeout{task.TimeoutError{Task: timeout.Task, After: timeout.After}}
		defer f.addTypes(timeout.Err, nodes)
	}
	registry.mu.RLock()
	name := registry.names[reflect.TypeOf(err)]
	registry.mu.RUnlock()
	if name != "" {
		if data, encodeErr := json.Marshal(err); encodeErr == nil && len(data) <= maxErrorText {
			f.As = append(f.As, TypedFailure{name, data})
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		f.addTypes(e.Unwrap(), nodes)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			f.addTypes(inner, nodes)
		}
	}
}

// is does what errors.Is does, but returns false if a method of err panics.
func is(err, target error) (found bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

func textOf(err error) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprintf("%T, whose method Error panicked", err)
		}
	}()
	text = err.Error()
	if len(text) > maxErrorText {
		text = text[:maxErrorText] + "…"
	}
	return text
}

// Err returns the error that f stands for, as far as this program knows the
// sentinels and types in it, or nil if f is nil.
func (f *Failure) Err() error {
	if f == nil {
		return nil
	}
	e := &crossedError{text: f.Text}
	for _, typed := range f.As[:min(len(f.As), maxErrorParts)] {
		if inner := typed.err(); inner != nil {
			e.parts = append(e.parts, inner)
		}
	}
	for _, name := range f.Is[:min(len(f.Is), maxErrorParts)] {
		registry.mu.RLock()
		sentinel := registry.sentinels[name]
		registry.mu.RUnlock()
		if sentinel != nil {
			e.parts = append(e.parts, sentinel)
		}
	}
	if len(e.parts) == 1 {
		whole := false
		verdict.Apart(func() { whole = textOf(e.parts[0]) == f.Text })
		if whole {
			return e.parts[0]
		}
	}
	return e
}

// err returns the error that t stands for, or nil if this program does not know its type
// or cannot decode it. It calls methods of the type, which are the user's, in a goroutine
// that they may end, and with no lock held.
func (t *TypedFailure) err() (found error) {
	registry.mu.RLock()
	decode := registry.types[t.Type]
	registry.mu.RUnlock()
	if decode == nil {
		return nil
	}
	verdict.Apart(func() {
		inner, err := decode(t.Value)
		if err != nil {
			return
		}
		if timeout, ok := inner.(*wireTimeout); ok {
			inner = &timeout.TimeoutError
		}
		found = inner
	})
	return found
}

// A crossedError is an error that came from another machine.
type crossedError struct {
	text  string
	parts []error
}

func (e *crossedError) Error() string   { return e.text }
func (e *crossedError) Unwrap() []error { return e.parts }

// A wireTimeout is a TimeoutError as JSON.
type wireTimeout struct{ task.TimeoutError }

type timeoutJSON struct {
	Task  string        `json:"task,omitempty"`
	After time.Duration `json:"after"`
}

func (e *wireTimeout) MarshalJSON() ([]byte, error) {
	return json.Marshal(timeoutJSON{e.Task, e.After})
}

func (e *wireTimeout) UnmarshalJSON(data []byte) error {
	var j timeoutJSON
	err := json.Unmarshal(data, &j)
	e.Task, e.After = j.Task, j.After
	return err
}
