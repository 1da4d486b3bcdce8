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
// Cancelled calls the methods Is and Unwrap of err, and does whatever these do,
// such as panic. Call it where the function that returned err would be called.
func Cancelled(err, ctxErr, cause error) bool {
	if err == nil || ctxErr == nil {
		return false
	}
	if same(err, ctxErr) || same(err, cause) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return Cancelled(inner, ctxErr, cause)
		}
	case interface{ Unwrap() []error }:
		branches := 0
		for _, inner := range e.Unwrap() {
			if inner == nil {
				continue
			}
			if !Cancelled(inner, ctxErr, cause) {
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

// same reports whether a and b are the same error. Values that == would panic
// on are the same if they are deeply equal.
func same(a, b error) bool {
	if b == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
