// Package verdict distinguishes an error that is a failure from one that is
// only the response to a cancellation.
package verdict

import "reflect"

// Cancelled reports whether err says no more than that the function ended
// because its ctx did, with the error ctxErr and the given cause. If ctxErr is
// nil, the ctx has not ended, and Cancelled returns false.
//
// An error is a tree, whose branches are what Unwrap returns. Every path down
// must meet ctxErr or the cause. So an error that has the ctx's error beside
// another one is a failure, as errors.Join makes it of a cancellation and of
// what went wrong while cleaning up. An error at the end of a path also counts
// as ctxErr if its Is method says so, as in package net. It does not count as
// the cause because of such a method, nor because the cause wraps it: a
// function that fails in the same way as the function that caused the
// cancellation has failed too.
//
// Cancelled calls the methods Is and Unwrap of err, which are the user's code and may
// panic. Call it where the function that returned err may be called. An error that
// unwraps to itself is a failure.
func Cancelled(err, ctxErr, cause error) bool { return cancelled(err, ctxErr, cause, deepest) }

// deepest limits the depth to which Cancelled follows Unwrap. Real errors are less deep,
// and a stack has room for more.
const deepest = 10_000

func cancelled(err, ctxErr, cause error, depth int) bool {
	if err == nil || ctxErr == nil || depth == 0 {
		return false
	}
	if Same(err, ctxErr) || Same(err, cause) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return cancelled(inner, ctxErr, cause, depth-1)
		}
	case interface{ Unwrap() []error }:
		branches := 0
		for _, inner := range e.Unwrap() {
			if inner == nil {
				continue
			}
			if !cancelled(inner, ctxErr, cause, depth-1) {
				return false
			}
			branches++
		}
		if branches > 0 {
			return true
		}
	}
	is, ok := err.(interface{ Is(error) bool })
	return ok && is.Is(ctxErr)
}

// Same reports whether a and b are the same error. Values for which == panics are the
// same if they are deeply equal.
func Same(a, b error) bool {
	if b == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
