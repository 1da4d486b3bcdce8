package ctxvar

// A UsageError is the panic value of functions of this package and of the
// packages built on it, if their arguments can never work: a nil function, a
// negative limit, a key that a protocol does not allow.
type UsageError struct {
	// Func is the function or option that was called, with its package, as
	// "gather.Limit".
	Func string

	// Problem says what is wrong with the call, and what would be right.
	Problem string

	// Err is a more general error to test for with errors.Is, such as
	// task.ErrNilFunc, or nil.
	Err error
}

// Error returns the name of the function and the problem.
func (e *UsageError) Error() string { return e.Func + ": " + e.Problem }

// Unwrap returns e.Err.
func (e *UsageError) Unwrap() error { return e.Err }
