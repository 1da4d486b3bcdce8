package verdict_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

var (
	errDisk = errors.New("disk full")
	errStop = errors.New("the user pressed stop")
)

// says is an error that reports what it is by its own method.
type says struct{ is error }

func (s says) Error() string        { return "in other words" }
func (s says) Is(target error) bool { return target == s.is }

// many is an error for which == panics.
type many []error

func (m many) Error() string   { return "many" }
func (m many) Unwrap() []error { return m }

func TestCancelled(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		err          error
		want         bool
	}{
		{"none", "a success is no answer to a cancellation", nil, false},
		{"the ctx's error", "as most functions return it", context.Canceled, true},
		{"the cause", "as those do that return context.Cause", errStop, true},
		{"wrapped", "text around it adds no failure", fmt.Errorf("fetching: %w", context.Canceled), true},
		{"wrapped by a type", "as net/http does it", &url.Error{Op: "Get", URL: "u", Err: context.Canceled}, true},
		{"both", "the ctx's error and its cause say one thing", fmt.Errorf("%w: %w", context.Canceled, errStop), true},
		{"joined twice", "each branch is a cancellation", errors.Join(context.Canceled, fmt.Errorf("b: %w", context.Canceled)), true},
		{"says so", "as package net does it", fmt.Errorf("dial: %w", says{context.Canceled}), true},
		{"an error of its own", "it is a failure, whatever was cancelled meanwhile", errDisk, false},
		{"joined", "a clean-up failed", errors.Join(context.Canceled, errDisk), false},
		{"joined, other order", "the order says nothing", errors.Join(errDisk, context.Canceled), false},
		{"wrapped and joined", "a failure at any depth", fmt.Errorf("a: %w", errors.Join(fmt.Errorf("b: %w", errDisk), context.Canceled)), false},
		{"a step and the ctx's error", "the step is an error of its own", fmt.Errorf("%w: %w", errDisk, context.Canceled), false},
		{"another ctx's error", "this ctx has not run out of time", context.DeadlineExceeded, false},
		{"says another thing", "this ctx has not run out of time", says{context.DeadlineExceeded}, false},
		{"says it is the cause", "who fails as the cause says has failed", says{errStop}, false},
		{"not comparable", "== would panic", many{context.Canceled}, true},
		{"not comparable, with a failure", "== would panic", many{context.Canceled, errDisk}, false},
		{"empty", "it says nothing of a cancellation", many{}, false},
		{"only nils", "it says nothing of a cancellation", many{nil}, false},
		{"nil inside", "it is no branch", many{nil, context.Canceled}, true},
		{"wraps nothing", "it is an end of its own", fmt.Errorf("%w", nil), false},
	} {
		require.NotEmpty(t, test.reason)
		assert.Equal(t, test.want, verdict.Cancelled(test.err, context.Canceled, errStop), "%s: %s", test.name, test.reason)
		assert.False(t, verdict.Cancelled(test.err, nil, nil), "%s: a ctx that has not ended ended nothing", test.name)
	}
}

// A cause may have a type for which == panics, and a function may return it.
func TestCauseThatIsNotComparable(t *testing.T) {
	cause := many{errDisk}
	assert.True(t, verdict.Cancelled(cause, context.Canceled, cause))
	assert.True(t, verdict.Cancelled(fmt.Errorf("so: %w", cause), context.Canceled, cause))
	assert.False(t, verdict.Cancelled(errDisk, context.Canceled, cause), "what a cause wraps is not the cause")
	assert.False(t, verdict.Cancelled(many{errStop}, context.Canceled, cause))
}

func TestPanicsOfAnErrorsMethodsAreTheCallers(t *testing.T) {
	var typedNil *fs.PathError
	assert.Panics(t, func() { verdict.Cancelled(typedNil, context.Canceled, context.Canceled) })
}

// unending is an error that unwraps to itself, twice if that is asked for.
type unending struct{ twice bool }

func (*unending) Error() string { return "unending" }
func (u *unending) Unwrap() []error {
	if u.twice {
		return []error{u, u}
	}
	return []error{u}
}

type unendingOne struct{}

func (*unendingOne) Error() string   { return "unending" }
func (u *unendingOne) Unwrap() error { return u }

func TestErrorThatUnwrapsToItself(t *testing.T) {
	for _, err := range []error{&unendingOne{}, &unending{}, &unending{twice: true}} {
		assert.False(t, verdict.Cancelled(err, context.Canceled, errStop), "it is a failure")
		assert.False(t, verdict.Is(err, context.Canceled))
		assert.True(t, verdict.Is(err, err))
		assert.True(t, verdict.Is(errors.Join(err, context.Canceled), err))
	}
}

// Is agrees with that of package errors on all that both can look at.
func TestIs(t *testing.T) {
	for _, err := range []error{
		context.Canceled, errDisk, fmt.Errorf("a: %w", context.Canceled), errors.Join(errDisk, context.Canceled),
		errors.Join(errDisk, errStop), says{context.Canceled}, fmt.Errorf("a: %w", says{context.Canceled}),
		many{nil, context.Canceled}, many{nil}, many{}, fmt.Errorf("%w", nil),
	} {
		assert.Equal(t, errors.Is(err, context.Canceled), verdict.Is(err, context.Canceled), "%v", err)
	}
}

func BenchmarkCancelled(b *testing.B) {
	err := fmt.Errorf("fetching: %w", &url.Error{Op: "Get", URL: "u", Err: context.Canceled})
	b.Run("errors.Is", func(b *testing.B) {
		for b.Loop() {
			_ = errors.Is(err, context.Canceled)
		}
	})
	b.Run("Cancelled", func(b *testing.B) {
		for b.Loop() {
			_ = verdict.Cancelled(err, context.Canceled, errStop)
		}
	})
}

// An error may have more paths than can be followed one by one.
func TestErrorJoinedWithItself(t *testing.T) {
	answer, failure := context.Canceled, errDisk
	for range 60 {
		answer = errors.Join(&fs.PathError{Err: answer}, answer) // which makes no text yet
		failure = errors.Join(answer, &fs.PathError{Err: failure})
	}
	assert.True(t, verdict.Cancelled(answer, context.Canceled, errStop))
	assert.False(t, verdict.Cancelled(failure, context.Canceled, errStop))
	assert.False(t, verdict.Has(answer, func(err error) bool { return err == errDisk }))
}
