package verdict

import (
	"errors"
	"fmt"
)

// Beside returns an error for err, one of whose methods did not return. It wraps
// fault, which says how, and errors.Is and errors.As also find in it what they find
// in err. If the methods of err panic or call Goexit then, that does not reach the
// caller, so the error can be judged like any other.
func Beside(err, fault error) error { return &beside{err, fault} }

type beside struct{ err, fault error }

// fmt.Sprint recovers if err.Error panics.
func (b *beside) Error() string {
	return fmt.Sprint(b.err) + "; asking it what it is: " + fmt.Sprint(b.fault)
}

func (b *beside) Unwrap() error { return b.fault }

func (b *beside) Is(target error) (found bool) {
	Apart(func() { found = Same(b.err, target) || errors.Is(b.err, target) })
	return found
}

func (b *beside) As(target any) (found bool) {
	Apart(func() { found = errors.As(b.err, target) })
	return found
}

// Apart calls f in a goroutine of its own, and waits for it. A panic or a Goexit of f
// ends only that goroutine.
func Apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
	<-done
}
