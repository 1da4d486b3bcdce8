package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"sync"

	"github.com/heirloom-go/heirloom/task"
)

// The errors that cross by name. Programs add theirs at package level, and so
// before the first call; a lock keeps those safe that do it later.
var registry = struct {
	mu        sync.RWMutex
	sentinels map[string]error
	types     map[string]errorType
	names     map[reflect.Type]string // of types
}{
	sentinels: map[string]error{
		"context.Canceled":         context.Canceled,
		"context.DeadlineExceeded": context.DeadlineExceeded,
		"fs.ErrExist":              fs.ErrExist,
		"fs.ErrNotExist":           fs.ErrNotExist,
		"fs.ErrPermission":         fs.ErrPermission,
		"io.EOF":                   io.EOF,
		"io.ErrUnexpectedEOF":      io.ErrUnexpectedEOF,
		"errors.ErrUnsupported":    errors.ErrUnsupported,
		"remote.ErrCallerGone":     ErrCallerGone,
		"remote.ErrDrained":        ErrDrained,
		"remote.ErrLeaseLost":      ErrLeaseLost,
		"remote.ErrLost":           ErrLost,
		"remote.ErrTooLarge":       ErrTooLarge,
		"remote.ErrUnknownFunc":    ErrUnknownFunc,
		"task.ErrDeadlock":         task.ErrDeadlock,
		"task.ErrEnded":            task.ErrEnded,
		"task.ErrGoexit":           task.ErrGoexit,
	},
	types: map[string]errorType{},
	names: map[reflect.Type]string{},
}

func init() {
	Type[*task.PanicError]("task.PanicError")
	Type[*wireTimeout]("task.TimeoutError")
}

// An errorType makes an error from what came.
type errorType func(data []byte) (error, error)

// Sentinel makes errors.Is find err in what a call returns, if it found it in what
// the function returned on the other machine. name stands for err there, so that
// both sides must give it: call Sentinel where err is declared.
//
// Sentinel panics with a [*MisuseError] if err is nil or the name is taken.
func Sentinel(name string, err error) {
	if err == nil {
		panic(&MisuseError{"Sentinel", name, "a nil error; pass the sentinel"})
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if _, taken := registry.sentinels[name]; taken || name == "" {
		panic(&MisuseError{"Sentinel", name, "the name is taken or empty; choose another"})
	}
	registry.sentinels[name] = err
}

// Type makes errors.As find an E in what a call returns, if it was in what the
// function returned on the other machine. It crosses as JSON, so that exported
// fields, or MarshalJSON and UnmarshalJSON, carry it. name stands for E, and both
// sides must give it: call Type where E is declared.
//
// Type panics with a [*MisuseError] if E is an interface, or if the name or the
// type has been given before.
func Type[E error](name string) {
	t := reflect.TypeFor[E]()
	if t.Kind() == reflect.Interface {
		panic(&MisuseError{"Type", name, "an interface type; pass the type of the errors themselves"})
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	_, taken := registry.types[name]
	if _, known := registry.names[t]; taken || known || name == "" {
		panic(&MisuseError{"Type", name, "the name or the type is taken, or the name is empty; declare each type once"})
	}
	registry.names[t] = name
	registry.types[name] = func(data []byte) (found, err error) {
		defer func() { // of UnmarshalJSON, with data that anybody may have sent
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		var e E
		if err := json.Unmarshal(data, &e); err != nil {
			return nil, err
		}
		if v := reflect.ValueOf(&e).Elem(); v.Kind() == reflect.Pointer && v.IsNil() {
			return nil, errors.New("null")
		}
		return e, nil
	}
}
