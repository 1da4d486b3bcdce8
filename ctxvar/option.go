package ctxvar

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// An Option configures a variable of type T. See [Default], [DefaultFunc],
// [Identity] and [Secret].
type Option[T any] interface{ apply(*Var[T]) }

type optionFunc[T any] func(*Var[T])

func (f optionFunc[T]) apply(v *Var[T]) { f(v) }

// Default gives a variable a default value, which [Var.Get] returns if no value
// is set. All goroutines share the one value, so changing a map or a slice in
// place changes it for all of them; [DefaultFunc] makes a new value each time.
func Default[T any](value T) Option[T] {
	return optionFunc[T](func(v *Var[T]) {
		v.preset, v.constant, v.fallback = value, true, nil
	})
}

// DefaultFunc gives a variable a default that f makes anew for each call of
// [Var.Get] or [Var.Lookup] that finds no value set. f may be called by several
// goroutines at the same time. DefaultFunc panics with a [*UsageError] if f is nil.
//
// Python has no counterpart: its default is one object shared by all tasks, and
// changing that object in place is a common bug.
func DefaultFunc[T any](f func() T) Option[T] {
	if f == nil {
		panic(&UsageError{Func: "ctxvar.DefaultFunc", Problem: "nil function; pass one that makes a default, or use Default"})
	}
	return optionFunc[T](func(v *Var[T]) {
		var none T
		v.preset, v.constant, v.fallback = none, false, f
	})
}

// identities is true once a variable for identity has been declared.
var identities atomic.Bool

// Identity declares a variable as a variable for identity, which holds a user,
// a tenant, a permission or anything else that authorises. A value of such a
// variable is readable only within the work in which it was set (see [Work]),
// and only until that work ends. Elsewhere the variable behaves as if it were
// not set: [Var.Get] returns the default, [Var.Lookup] reports false, and
// [Var.MustGet] panics with a [*LookupError] that says why. So a value is not
// readable:
//
//   - in a goroutine that has outlived the request in which it was started,
//     such as a worker that a pool started on first use,
//   - in the requests of a server that was started with the variable set, as a
//     test may do,
//   - from a snapshot that has outlived its request, such as that of a job
//     waiting in a queue.
//
// While a request lasts, each goroutine started in it belongs to its work and
// reads its identity. This includes a worker of a pool, even while the worker
// runs a job of somebody else, because nothing in the worker says whose job it
// is. Therefore start pools outside of requests, in main or within [Detach],
// and run each job with [RunFrom], which gives the job the identity carried by
// its own ctx, or none.
//
// A job to which a request passes its ctx, and which is run with RunFrom, has
// the request's identity until the request ends. What continues in the
// request's name after that should begin a work of its own and set the variable
// there.
//
// A value that was set outside of any work is readable only in the goroutine
// that set it. Jobs that share a goroutine, as those of package gather may, are
// not distinguished there: a job that sets such a variable should begin a work.
//
// A test sets such a variable within a work: ctxvar.Work(func() { … }).
func Identity[T any]() Option[T] {
	return optionFunc[T](func(v *Var[T]) {
		v.guard = &gls.Key{ID: v.key.ID, Var: v}
		identities.Store(true)
	})
}

// Redacted is shown in place of the value of a secret variable.
const Redacted = "[redacted]"

// Secret declares that the values of a variable must not be shown. Heirloom's
// logs, the tree of tasks and the live view show [Redacted] instead, and no
// wire carries the variable to another machine. Other code that lists variables
// should ask [Variable].Secret.
func Secret[T any]() Option[T] {
	return optionFunc[T](func(v *Var[T]) { v.secret = true })
}
