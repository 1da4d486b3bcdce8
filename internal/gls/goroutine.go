package gls

// Goroutine returns an identity of the running goroutine: a number that no other
// goroutine has while this one lives. The runtime gives it to another goroutine
// later on, so to compare it is sound only while the goroutine it was taken in
// is known to live. What a function notes for the time that it runs is such a
// thing, if it takes the note back before it returns, however it returns: a
// goroutine that finds the number its own and the note not taken back is the
// one that noted it, for another could have the number only if that one had
// ended, which comes after taking back, and before the other one's start.
func Goroutine() uintptr { return getg() }
