package ctxvar

import "errors"

// What a [*LookupError], a [*TokenError] or an [*EnterError] is about, for
// [errors.Is].
var (
	ErrUnset        = errors.New("variable has neither a value nor a default")
	ErrTokenUsed    = errors.New("token was used already")
	ErrTokenVar     = errors.New("token belongs to another variable")
	ErrTokenContext = errors.New("token was made in another context")
	ErrEntered      = errors.New("context is being run already")
)

// A LookupError is what [Var.MustGet] panics with where there is nothing to
// get. It mirrors the LookupError that Python's ContextVar.get() raises.
type LookupError struct {
	Var string // the variable's name
}

func (e *LookupError) Error() string {
	return "ctxvar: " + e.Var + ": " + ErrUnset.Error() +
		": Set it first, declare it with a Default, or use Lookup"
}

// Unwrap returns [ErrUnset].
func (e *LookupError) Unwrap() error { return ErrUnset }

// A TokenError is what [Var.Reset] and [Token.Reset] panic with when they are
// misused. It mirrors the RuntimeError and the ValueError of Python's
// ContextVar.reset().
type TokenError struct {
	Var string // the name of the variable that was to be reset
	Err error  // ErrTokenUsed, ErrTokenVar or ErrTokenContext

	other string // with ErrTokenVar, the name of the variable of the token
}

func (e *TokenError) Error() string {
	text := "ctxvar: " + e.Var + ": " + e.Err.Error()
	switch e.Err {
	case ErrTokenUsed:
		text += ": a token undoes one Set, once; Set again for another"
	case ErrTokenVar:
		text += ", " + e.other + ": call the token's own Reset"
	case ErrTokenContext:
		text += ": reset it in the goroutine, and in the Context.Run, that called Set"
	}
	return text
}

// Unwrap returns e.Err.
func (e *TokenError) Unwrap() error { return e.Err }

// An EnterError is what [Context.Run] panics with if the Context is being run
// already. It mirrors the RuntimeError of Python's Context.run().
type EnterError struct {
	// Here tells that it is the goroutine itself that runs the Context; else it
	// is another one.
	Here bool
}

func (e *EnterError) Error() string {
	where := "in another goroutine"
	if e.Here {
		where = "in this goroutine"
	}
	return "ctxvar: " + ErrEntered.Error() + " " + where + ": run a copy, c.Copy().Run(fn)"
}

// Unwrap returns [ErrEntered].
func (e *EnterError) Unwrap() error { return ErrEntered }
