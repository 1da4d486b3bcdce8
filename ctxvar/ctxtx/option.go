package ctxtx

// An Option configures one call of [Adapter.InTx]. Adapters pass on what their users give
// them, as an alias of this type or as it is.
type Option interface{ apply(*config) }

// config is what the options of one call come to.
type config struct {
	nesting nesting
	syntax  syntax

	retries   int
	retryable func(error) bool
}

// nesting is what a call of InTx does inside of a transaction.
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
		option.apply(&c)
	}
	return c
}

// Savepoint makes a nested InTx a savepoint: if its function fails, what it did is undone
// and the transaction around it goes on. Where there is no transaction, InTx begins one,
// as ever. The statements, which [Tx] gets, are those of standard SQL: SAVEPOINT, ROLLBACK
// TO SAVEPOINT and RELEASE SAVEPOINT, each with the savepoint's name.
func Savepoint() Option {
	return SavepointSyntax("SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "RELEASE SAVEPOINT %s")
}

// SavepointSyntax is [Savepoint] in a database's own words. Each statement has one %s,
// where the name goes. release is empty for a database that has no such statement.
func SavepointSyntax(save, rollback, release string) Option {
	return optionFunc(func(c *config) { c.nesting, c.syntax = savepoint, syntax{save, rollback, release} })
}

// Autonomous makes a nested InTx a transaction of its own, which is committed or rolled
// back whatever becomes of the one around it. It may also be used in a goroutine that has
// inherited a transaction.
func Autonomous() Option {
	return optionFunc(func(c *config) { c.nesting = autonomous })
}

// Retry makes InTx run the whole transaction again if it fails with an error that
// retryable says is worth it, up to n more times. The error may come from beginning, from
// the function and what it called, or from committing. Nothing is run again after a panic.
//
// Before the first retry InTx waits for a random time of up to 2 milliseconds, and up to
// twice as long before each further one, but no longer than 256. It gives up when ctx
// ends. A nested InTx that joins or makes a savepoint can't be run again by itself, and
// leaves retrying to the one that began the transaction.
//
// Retry panics if retryable is nil.
func Retry(n int, retryable func(error) bool) Option {
	if retryable == nil {
		panic("ctxtx: Retry with a nil function")
	}
	return optionFunc(func(c *config) { c.retries, c.retryable = n, retryable })
}
