// Package verdict tells an error that is a failure from one that is nothing but
// the answer to a cancellation.
package verdict

import "reflect"

// Cancelled reports whether err is nothing but how a function says that its ctx,
// with the error ctxErr and the cause given, ended it. If ctxErr is nil the ctx
// has not ended, and so nothing is.
//
// An error is a tree, whose branches are what Unwrap returns. Every way down must
// meet ctxErr or the cause: an error that has the ctx's beside one of its own, as
// errors.Join makes it of a cancellation and of what went wrong while cleaning
// up, is a failure. An error at the end of a way also counts as ctxErr if it says
// so by a method Is, as those of package net do. It does not count as the cause
// by such a method, nor because the cause wraps it: who fails in the same way as
// what the cause tells of has failed as well.
//
// Cancelled calls the methods Is and Unwrap of err, and what these do it does
// too: panic, for one. It is to be called where the function that returned err
// would be called.
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

// same reports whether a and b are one error. Values that == would panic on are
// one if they are deeply equal.
func same(a, b error) bool {
	if b == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	if reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
