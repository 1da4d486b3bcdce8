package ctxvar_test

import (
	"context"
	"errors"
	"reflect"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Each misuse panics with an error, and its text must name the variable and say what to
// do.
func TestMisusePanics(t *testing.T) {
	user := ctxvar.New[string]("user_id")
	tests := []struct {
		reason string
		misuse func()
		is     error
		as     func(error) bool
		says   []string
	}{{
		reason: "MustGet with nothing to get",
		misuse: func() { user.MustGet() },
		is:     ctxvar.ErrUnset,
		as: func(err error) bool {
			var e *ctxvar.LookupError
			return errors.As(err, &e) && e.Var == "user_id"
		},
		says: []string{"user_id", "Default"},
	}, {
		reason: "a token used twice",
		misuse: func() {
			tok := user.Set("alice")
			tok.Reset()
			tok.Reset()
		},
		is:   ctxvar.ErrTokenUsed,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "once"},
	}, {
		reason: "a token used twice, through the variable",
		misuse: func() {
			tok := user.Set("alice")
			user.Reset(tok)
			user.Reset(tok)
		},
		is:   ctxvar.ErrTokenUsed,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "once"},
	}, {
		reason: "a token of another variable",
		misuse: func() {
			tok := user.Set("alice")
			defer tok.Reset()
			ctxvar.New[string]("tenant").Reset(tok)
		},
		is:   ctxvar.ErrTokenVar,
		as:   isTokenError("tenant"),
		says: []string{"user_id", "tenant", "own Reset"},
	}, {
		reason: "a token of another Context: made in a Run, used after it",
		misuse: func() {
			var tok *ctxvar.Token[string]
			ctxvar.Copy().Run(func() { tok = user.Set("alice") })
			tok.Reset()
		},
		is:   ctxvar.ErrTokenContext,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "goroutine"},
	}, {
		reason: "a token of another Context: made outside, used in a Run",
		misuse: func() {
			tok := user.Set("alice")
			defer tok.Reset()
			ctxvar.Copy().Run(func() { tok.Reset() })
		},
		is:   ctxvar.ErrTokenContext,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "goroutine"},
	}, {
		reason: "a token of another goroutine: the parent's, in the child",
		misuse: func() {
			tok := user.Set("alice")
			defer tok.Reset()
			rethrow(inGoroutine(func() { tok.Reset() }))
		},
		is:   ctxvar.ErrTokenContext,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "goroutine"},
	}, {
		reason: "a token of another goroutine: the child's, in the parent",
		misuse: func() {
			var tok *ctxvar.Token[string]
			rethrow(inGoroutine(func() { tok = user.Set("alice") }))
			tok.Reset()
		},
		is:   ctxvar.ErrTokenContext,
		as:   isTokenError("user_id"),
		says: []string{"user_id", "goroutine"},
	}, {
		reason: "a Context entered by the goroutine that is inside",
		misuse: func() {
			c := ctxvar.Copy()
			c.Run(func() { c.Run(func() {}) })
		},
		is:   ctxvar.ErrEntered,
		as:   isEnterError,
		says: []string{"Copy().Run"},
	}, {
		reason: "a Context entered by another goroutine than the one inside",
		misuse: func() {
			c := ctxvar.Copy()
			c.Run(func() {
				rethrow(inGoroutine(func() { c.Run(func() {}) }))
			})
		},
		is:   ctxvar.ErrEntered,
		as:   isEnterError,
		says: []string{"Copy().Run"},
	}, {
		reason: "a Context entered again from a Run of another",
		misuse: func() {
			c := ctxvar.Copy()
			c.Run(func() { ctxvar.Empty().Run(func() { c.Run(func() {}) }) })
		},
		is:   ctxvar.ErrEntered,
		as:   isEnterError,
		says: []string{"Copy().Run"},
	}, {
		reason: "a Context entered through Call",
		misuse: func() {
			c := ctxvar.Copy()
			c.Run(func() { _, _ = ctxvar.Call(c, func() (int, error) { return 0, nil }) })
		},
		is:   ctxvar.ErrEntered,
		as:   isEnterError,
		says: []string{"Copy().Run"},
	}}
	sentinels := []error{
		ctxvar.ErrUnset, ctxvar.ErrTokenUsed, ctxvar.ErrTokenVar, ctxvar.ErrTokenContext, ctxvar.ErrEntered,
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			value := recovered(tt.misuse)
			require.Implements(t, (*error)(nil), value)
			err := value.(error)
			assert.Truef(t, tt.as(err), "type or fields: %#v", err)
			for _, sentinel := range sentinels {
				assert.Equal(t, sentinel == tt.is, errors.Is(err, sentinel), "errors.Is %v", sentinel)
			}
			for _, text := range tt.says {
				assert.ErrorContains(t, err, text)
			}
			assert.Regexp(t, `^ctxvar: .{40,}`, err.Error(), "it has the package's name and advice")
			requireUnset(t, user)
		})
	}
}

func isTokenError(name string) func(error) bool {
	return func(err error) bool {
		var e *ctxvar.TokenError
		return errors.As(err, &e) && e.Var == name && errors.Is(e.Err, errors.Unwrap(e))
	}
}

func isEnterError(err error) bool {
	var e *ctxvar.EnterError
	return errors.As(err, &e)
}

// rethrow panics with value unless it is nil.
func rethrow(value any) {
	if value != nil {
		panic(value)
	}
}

// The order of the checks is CPython's: used, then variable, then Context.
func TestMisuseOrder(t *testing.T) {
	a, b := ctxvar.New[int]("a"), ctxvar.New[int]("b")

	used := a.Set(1)
	used.Reset()
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenUsed, func() { b.Reset(used) })

	var elsewhere *ctxvar.Token[int]
	ctxvar.Empty().Run(func() { elsewhere = a.Set(1) })
	requirePanic[*ctxvar.TokenError](t, ctxvar.ErrTokenVar, func() { b.Reset(elsewhere) })
}

// A call that cannot be made leaves the Context free to be entered.
func TestRunOfNil(t *testing.T) {
	c := ctxvar.Empty()
	assert.NotNil(t, recovered(func() { c.Run(nil) }))
	ran := false
	c.Run(func() { ran = true })
	assert.True(t, ran)
}

// A variable that New did not make is never confused with another one, whatever is done
// with it.
func TestZeroVar(t *testing.T) {
	first := ctxvar.New("first", ctxvar.Default("own"))
	first.Set("value")
	for what, use := range map[string]func(v *ctxvar.Var[string]){
		"Get":      func(v *ctxvar.Var[string]) { v.Get() },
		"GetOr":    func(v *ctxvar.Var[string]) { v.GetOr("x") },
		"Lookup":   func(v *ctxvar.Var[string]) { v.Lookup() },
		"MustGet":  func(v *ctxvar.Var[string]) { v.MustGet() },
		"Set":      func(v *ctxvar.Var[string]) { v.Set("x") },
		"With":     func(v *ctxvar.Var[string]) { v.With("x", func() {}) },
		"Reset":    func(v *ctxvar.Var[string]) { v.Reset(first.Set("x")) },
		"In":       func(v *ctxvar.Var[string]) { v.In(ctxvar.Copy()) },
		"Contains": func(v *ctxvar.Var[string]) { ctxvar.Copy().Contains(v) },
	} {
		t.Run(what, func(t *testing.T) {
			var err *ctxvar.VarError
			require.ErrorAs(t, recovered(func() { use(new(ctxvar.Var[string])) }).(error), &err)
			assert.ErrorIs(t, err, ctxvar.ErrVarZero)
			assert.Contains(t, err.Error(), "ctxvar.New")

			copied := reflect.New(reflect.TypeOf(first).Elem())
			copied.Elem().Set(reflect.ValueOf(first).Elem())
			require.ErrorAs(t, recovered(func() { use(copied.Interface().(*ctxvar.Var[string])) }).(error), &err)
			assert.ErrorIs(t, err, ctxvar.ErrVarCopied)
			assert.Contains(t, err.Error(), "first")
		})
	}
	assert.Equal(t, "value", first.Get(), "the variable itself is as it was")
}

// In a goroutine without variables, Get takes another path.
func TestZeroVarWhereNothingIsSet(t *testing.T) {
	var err *ctxvar.VarError
	require.ErrorAs(t, recovered(func() { new(ctxvar.Var[string]).Get() }).(error), &err)
	assert.ErrorIs(t, err, ctxvar.ErrVarZero)
}

// NewContext, too, panics where the mistake is, and not later, when somebody looks for a
// value in what it returned.
func TestNilContext(t *testing.T) {
	var none context.Context
	for what, use := range map[string]func(){
		"NewContext":  func() { ctxvar.NewContext(none) },
		"FromContext": func() { ctxvar.FromContext(none) },
		"RunFrom":     func() { ctxvar.RunFrom(none, func() {}) },
		"Effective":   func() { ctxvar.Effective(none) },
		"Do":          func() { ctxvar.Do(none, pprof.Labels(), func(context.Context) {}) },
	} {
		assert.PanicsWithError(t, "ctxvar."+what+": nil ctx; pass context.Background() if there is none", use)
	}
}

func TestNilOption(t *testing.T) {
	assert.PanicsWithError(t, "ctxvar.New: nil Option; leave it out", func() { ctxvar.New[int]("n", nil) })
}
