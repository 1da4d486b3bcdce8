package ctxvar

import "sync/atomic"

// An Option configures a variable of type T. See [Default], [DefaultFunc],
// [Identity] and [Secret].
type Option[T any] interface{ apply(*Var[T]) }

type optionFunc[T any] func(*Var[T])

func (f optionFunc[T]) apply(v *Var[T]) { f(v) }

// Default gives a variable a default: what [Var.Get] returns where no value is
// set. The default is one value for all, so if it is a map or a slice, changing
// it in place changes it for everybody; [DefaultFunc] makes one for each.
func Default[T any](value T) Option[T] {
	return optionFunc[T](func(v *Var[T]) {
		v.preset, v.constant, v.fallback = value, true, nil
	})
}

// DefaultFunc gives a variable a default that is made anew with each call of
// [Var.Get] or [Var.Lookup] where no value is set. f may be called by several
// goroutines at the same time. DefaultFunc panics if f is nil.
//
// Python has no such thing: its default is one object for all tasks, and the
// usual bug is to change it in place.
func DefaultFunc[T any](f func() T) Option[T] {
	if f == nil {
		panic("ctxvar: DefaultFunc of a nil function")
	}
	return optionFunc[T](func(v *Var[T]) {
		var none T
		v.preset, v.constant, v.fallback = none, false, f
	})
}

// identities is true once there is a variable for identity.
var identities atomic.Bool

// Identity makes a variable one for identity: a user, a tenant, a permission,
// whatever authorises. A value of such a variable is readable only within the
// piece of work that it was set in, see [Work], and while that lasts. Where it
// isn't, it is as if it were not set: [Var.Get] returns the default,
// [Var.Lookup] reports false, and [Var.MustGet] panics with a [*LookupError]
// that tells why. So it is not readable:
//
//   - in a goroutine that has outlived the request which started it, as a
//     worker of a pool that is started when it is first needed,
//   - in a server that was started with the variable set, as by a test,
//   - with a snapshot that has outlived its request, as in a job that waits in a
//     queue.
//
// While a request lasts, each goroutine that it started is inside its work and
// reads its identity. That is so for a worker of a pool too, even when it runs
// somebody else's job at that moment: nothing tells it that the job is
// another's. Therefore start pools outside of requests, in main or within
// [Detach], and do each job with [RunFrom], which gives it the identity of its
// own ctx, or none.
//
// A job that a request hands its ctx to, see [RunFrom], has its identity until
// the request ends. What goes on in its name after that begins a work of its own
// and sets the variable there.
//
// A value that was set outside of any work is readable in the goroutine alone
// that set it.
//
// A test sets such a variable within a work: ctxvar.Work(func() { … }).
func Identity[T any]() Option[T] {
	return optionFunc[T](func(v *Var[T]) {
		v.identity = true
		identities.Store(true)
	})
}

// Redacted is what is shown in place of the value of a secret variable.
const Redacted = "[redacted]"

// Secret marks a variable whose values are not to be shown: Heirloom's logs, the
// tree of tasks and the live view show [Redacted] in their place, and no wire
// takes them to another machine. Others that list variables ask
// [Variable].Secret.
func Secret[T any]() Option[T] {
	return optionFunc[T](func(v *Var[T]) { v.secret = true })
}
