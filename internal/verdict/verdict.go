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
func Cancelled(err, ctxErr, cause error) bool {
	return (&search{ctxErr: ctxErr, cause: cause}).all(err, deepest)
}

// deepest limits the depth to which Cancelled follows Unwrap. Real errors are less deep,
// and a stack has room for more.
const deepest = 10_000

// A search is one call of Cancelled.
type search struct {
	ctxErr, cause error

	// seen has the errors with several branches of which every path has met one of these.
	// Joining an error with itself a few times makes more paths than can be followed.
	seen map[error]bool
}

// all reports whether every path from err meets what is searched for.
func (s *search) all(err error, depth int) bool {
	if err == nil || s.ctxErr == nil || depth == 0 {
		return false
	}
	if Same(err, s.ctxErr) || Same(err, s.cause) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return s.all(inner, depth-1)
		}
	case interface{ Unwrap() []error }:
		known := reflect.ValueOf(err).Comparable()
		if known && s.seen[err] {
			return true
		}
		branches := 0
		for _, inner := range e.Unwrap() {
			if inner == nil {
				continue
			}
			if !s.all(inner, depth-1) {
				return false
			}
			branches++
		}
		if branches > 0 {
			if known {
				if s.seen == nil {
					s.seen = make(map[error]bool)
				}
				s.seen[err] = true
			}
			return true
		}
	}
	is, ok := err.(interface{ Is(error) bool })
	return ok && is.Is(s.ctxErr)
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
