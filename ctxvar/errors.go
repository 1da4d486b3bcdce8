package ctxvar

import "errors"

// The faults that a [*LookupError], a [*TokenError], an [*EnterError] or a
// [*VarError] reports, for use with [errors.Is].
var (
	ErrUnset        = errors.New("variable has neither a value nor a default")
	ErrTokenUsed    = errors.New("token was used already")
	ErrTokenVar     = errors.New("token belongs to another variable")
	ErrTokenContext = errors.New("token was made in another context")
	ErrEntered      = errors.New("context is being run already")
	ErrVarZero      = errors.New("variable was not declared with New")
	ErrVarCopied    = errors.New("variable was copied")
)

// The reasons why a [*LookupError] found no value, where the reason is known.
// The first three concern variables for identity; see [Identity].
var (
	ErrOutlived  = errors.New("the goroutine has outlived the work that it was started in and that set the variable")
	ErrOtherWork = errors.New("the variable was set outside of this piece of work: before it began, or in another")
	ErrWorkOver  = errors.New("the work that set the variable is over, and these are its values")
	ErrMayBeLost = errors.New("it may be lost: the goroutine was found with somebody else's profiler labels")
)

// A LookupError is the panic value of [Var.MustGet] for a variable without a
// value. It mirrors the LookupError that Python's ContextVar.get() raises.
type LookupError struct {
	Var string // the variable's name
	// Why is nil, ErrOutlived, ErrOtherWork, ErrWorkOver or ErrMayBeLost.
	Why error
}

func (e *LookupError) Error() string {
	text := "ctxvar: " + e.Var + ": "
	switch e.Why {
	case nil:
		return text + ErrUnset.Error() + ": Set it first, declare it with a Default, or use Lookup"
	case ErrMayBeLost:
		return text + ErrUnset.Error() + ", or " + e.Why.Error() +
			": label with ctxvar.Do or a ctx of ctxvar.NewContext, or build with heirloom exact"
	default:
		return text + e.Why.Error() +
			": give the job a ctx of its work and call it with ctxvar.RunFrom, or begin a ctxvar.Work and Set it there"
	}
}

// Unwrap returns [ErrUnset].
func (e *LookupError) Unwrap() error { return ErrUnset }

// Is reports whether target is e.Why.
func (e *LookupError) Is(target error) bool { return e.Why != nil && target == e.Why }

// A VarError is the panic value of functions and methods that are given a
// variable that [New] did not make.
type VarError struct {
	Var string // the name of the variable that was copied
	Err error  // ErrVarZero or ErrVarCopied
}

func (e *VarError) Error() string {
	if e.Err == ErrVarCopied {
		return "ctxvar: " + e.Var + ": " + e.Err.Error() + ": use the pointer that New returned"
	}
	return "ctxvar: " + e.Err.Error() + ": declare it at package level, var name = ctxvar.New[T](\"name\")"
}

// Unwrap returns e.Err.
func (e *VarError) Unwrap() error { return e.Err }

// A TokenError is the panic value of [Var.Reset] and [Token.Reset] when they are
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

// An EnterError is the panic value of [Context.Run] for a Context that is already
// being run. It mirrors the RuntimeError of Python's Context.run().
type EnterError struct {
	// Here reports whether the running goroutine is itself running the Context.
	// If false, another goroutine is.
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
