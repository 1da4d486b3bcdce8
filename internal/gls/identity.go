package gls

import (
	"bytes"
	"runtime"
	"strconv"
	"unsafe"
)

// getg returns the address of the running goroutine's g, the runtime's record
// of it. The runtime never frees one, and gives it to another goroutine when
// its own has ended.
func getg() unsafe.Pointer

// goid returns the running goroutine's id, which no other goroutine ever has.
//
// The runtime keeps it in g and tells it to nobody, except in the text of
// stacks. So this package learns once where in a g the number is, and reads it
// there; no text is parsed afterwards.
func goid() uint64 { return *(*uint64)(unsafe.Add(getg(), goidOffset)) }

var goidOffset = learnGoidOffset()

// learnGoidOffset looks for the ids of several goroutines in their g. The
// numbers near by, such as the parent's id, are the same in all of them or in
// none the id.
func learnGoidOffset() uintptr {
	// It has always been among the first 24 words, and a g has twice as many.
	const word, words = unsafe.Sizeof(uintptr(0)), 32
	var hits [words]int
	const tries = 4
	for range tries {
		done := make(chan struct{})
		go func() {
			defer close(done)
			id, g := stackGoid(), getg()
			for i := range hits {
				if *(*uint64)(unsafe.Add(g, uintptr(i)*word)) == id {
					hits[i]++
				}
			}
		}()
		<-done
	}
	offset := -1
	for i, n := range hits {
		switch {
		case n < tries:
		case offset >= 0:
			panic(layoutError("a goroutine's id is in two places"))
		default:
			offset = i * int(word)
		}
	}
	if offset < 0 {
		panic(layoutError("a goroutine's id isn't where it was"))
	}
	return uintptr(offset)
}

// stackGoid returns the running goroutine's id from the text of its stack,
// which begins with "goroutine 123 [running]:".
func stackGoid() uint64 {
	var buf [64]byte
	text := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic(layoutError("a stack does not begin with a goroutine's id"))
	}
	return id
}
