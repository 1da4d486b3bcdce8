package ctxtx

// Lose takes the current transaction off the running goroutine, as what overwrites its
// variables would.
func Lose(a *Adapter) { a.current.Set(nil) }

// PutBack puts another goroutine's transaction in the place of the current one: that
// which is current when PutBack is called.
func PutBack(a *Adapter) (replace func()) {
	h := a.current.Get()
	return func() { a.current.Set(h) }
}
