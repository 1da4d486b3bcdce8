package ctxtx

import "github.com/heirloom-go/heirloom/ctxvar"

// An Option configures one call of [Adapter.InTx]. Adapters provide it to their
// users, directly or as an alias.
type Option interface{ apply(*config) }

// A config holds the options of one call.
type config struct {
	nesting nesting
	syntax  syntax

	retries   int
	retryable func(error) bool
}

// A nesting says what a call of InTx does inside of a transaction.
type nesting int

const (
	join       nesting = iota // takes part in the transaction
	savepoint                 // can be undone by itself
	autonomous                // is a transaction apart
)

// syntax has the statements for savepoints, with %s for the name. release may be "".
type syntax struct{ save, rollback, release string }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

func configure(options []Option) config {
	if len(options) == 0 {
		return config{} // what follows is on the heap
	}
	var c config
	for _, option := range options {
		if option == nil {
			panic(&ctxvar.UsageError{Func: "ctxtx.Option", Problem: "nil Option; leave it out"})
		}
		option.apply(&c)
	}
	return c
}

// Savepoint makes a nested InTx a savepoint: if its function fails, what it did
// is undone, and the transaction around it goes on. Without a transaction
// around it, InTx begins one as usual. The statements, which [Tx] gets, are
// those of standard SQL: SAVEPOINT, ROLLBACK TO SAVEPOINT and RELEASE
// SAVEPOINT, each with the name of the savepoint.
func Savepoint() Option {
	return SavepointSyntax("SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "RELEASE SAVEPOINT %s")
}

// SavepointSyntax is [Savepoint] with the statements of another database. Each
// statement has one %s for the name. release is empty for a database without
// such a statement.
func SavepointSyntax(save, rollback, release string) Option {
	return optionFunc(func(c *config) { c.nesting, c.syntax = savepoint, syntax{save, rollback, release} })
}

// Autonomous makes a nested InTx a transaction of its own, which is committed
// or rolled back independently of the one around it. It can also be used in a
// goroutine that has inherited a transaction.
func Autonomous() Option {
	return optionFunc(func(c *config) { c.nesting = autonomous })
}

// Retry makes InTx run the whole transaction again, up to n more times, if it
// fails with an error for which retryable returns true. The error may come from
// beginning, from the function and what it called, or from committing. Nothing
// is run again after a panic.
//
// Before the first retry, InTx waits for a random time of up to 2 milliseconds,
// and before each further one for up to twice as long, but at most 256
// milliseconds. It gives up when ctx ends. A nested InTx that joins or makes a
// savepoint cannot be run again by itself, and leaves retrying to the one that
// began the transaction.
//
// Retry panics with a [*ctxvar.UsageError] if retryable is nil.
func Retry(n int, retryable func(error) bool) Option {
	if retryable == nil {
		panic(&ctxvar.UsageError{Func: "ctxtx.Retry", Problem: "nil function; pass one that says which errors are worth another attempt"})
	}
	return optionFunc(func(c *config) { c.retries, c.retryable = n, retryable })
}
