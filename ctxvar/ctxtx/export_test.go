package ctxtx

// Lose takes the current transaction off the running goroutine, as code that overwrites
// its variables would.
func Lose(a *Adapter) { a.current.Set(nil) }

// PutBack returns a function that replaces the current transaction by the one that is
// current when PutBack is called, which may be another goroutine's.
func PutBack(a *Adapter) (replace func()) {
	h := a.current.Get()
	return func() { a.current.Set(h) }
}
