package main

// switchesText follows the package clause in a file that is added to a package with
// switches. MUTANTS_SWITCH is the number of the switch that is on. MUTANTS_REACHED names
// a file to which the numbers of the switches that the tests reach are written.
const switchesText = `

import (
	"cmp"
	"os"
	"strconv"
	"sync/atomic"
)

var mutantSwitch, _ = strconv.Atoi(os.Getenv("MUTANTS_SWITCH"))

var mutantFile = func() *os.File {
	name := os.Getenv("MUTANTS_REACHED")
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}()

var mutantReached [SIZE]atomic.Bool

func mutantOn(id int) bool {
	if mutantFile != nil && !mutantReached[id].Swap(true) {
		mutantFile.WriteString(strconv.Itoa(id) + "\n")
	}
	return id == mutantSwitch
}

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

func mutantLess[T cmp.Ordered](boundary, negation int, a, b T) bool {
	if mutantOn(boundary) {
		return a <= b
	}
	return (a < b) != mutantOn(negation)
}

func mutantAtMost[T cmp.Ordered](boundary, negation int, a, b T) bool {
	if mutantOn(boundary) {
		return a < b
	}
	return (a <= b) != mutantOn(negation)
}

func mutantGreater[T cmp.Ordered](boundary, negation int, a, b T) bool {
	if mutantOn(boundary) {
		return a >= b
	}
	return (a > b) != mutantOn(negation)
}

func mutantAtLeast[T cmp.Ordered](boundary, negation int, a, b T) bool {
	if mutantOn(boundary) {
		return a > b
	}
	return (a >= b) != mutantOn(negation)
}

func mutantSum[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a - b
	}
	return a + b
}

func mutantDifference[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a + b
	}
	return a - b
}

func mutantProduct[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a / b
	}
	return a * b
}

func mutantQuotient[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a * b
	}
	return a / b
}

func mutantRemainder[T mutantNumber](id int, a, b T) T {
	if mutantOn(id) {
		return a * b
	}
	return a - a/b*b
}

func mutantStep[T mutantNumber](id int, _ T) T {
	if mutantOn(id) {
		return T(0) - 1
	}
	return 1
}
`
