package gls

// Goroutine returns an identity of the running goroutine: a number that no other
// goroutine has, before or after.
func Goroutine() uint64 { return goid() }
