package dbtx

// Config is what the options of one call of InTx come to.
type Config struct {
	Nesting Nesting
	Syntax  SavepointSyntax

	Retries   int
	Retryable func(error) bool
}

// Nesting is what a call of InTx does inside of a transaction.
type Nesting int

// Join takes part in the transaction, Savepoint can be undone by itself, and Autonomous
// is a transaction apart.
const (
	Join Nesting = iota
	Savepoint
	Autonomous
)

// SavepointSyntax has the statements for savepoints, with %s for the name. Release may be
// empty.
type SavepointSyntax struct{ Save, Rollback, Release string }

// StandardSavepoints are the statements of standard SQL.
var StandardSavepoints = SavepointSyntax{"SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "RELEASE SAVEPOINT %s"}
