package ctxpgx

import "time"

// SetRollbackTime changes how long a rollback may take.
func SetRollbackTime(d time.Duration) (reset func()) {
	old := rollbackTime
	rollbackTime = d
	return func() { rollbackTime = old }
}
