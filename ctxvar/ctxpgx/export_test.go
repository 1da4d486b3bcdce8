package ctxpgx

import "time"

// Lose takes the current transaction off the running goroutine, as what overwrites its
// variables would.
func Lose() { kind.Current.Set(nil) }

// PutBack puts another goroutine's transaction in the place of the current one: that
// which is current when PutBack is called.
func PutBack() (replace func()) {
	h := kind.Current.Get()
	return func() { kind.Current.Set(h) }
}

// SetRollbackTime changes how long a rollback may take.
func SetRollbackTime(d time.Duration) (reset func()) {
	old := rollbackTime
	rollbackTime = d
	return func() { rollbackTime = old }
}
