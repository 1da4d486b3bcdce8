package task

import (
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An Option configures a task or a [Group]. The same options serve [Go] and
// [Run] of any type.
type Option interface{ apply(*options) }

type options struct {
	name      string
	vars      *ctxvar.Context
	timeout   time.Duration
	hasLimit  bool
	shielded  bool
	ownThread bool
	profiled  bool
	tolerant  bool // FailFast(false)
	reporter  func(Info, error)
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// collect returns what opts say, or nil if there are none.
func collect(opts []Option) *options {
	if len(opts) == 0 {
		return nil
	}
	o := new(options)
	for _, opt := range opts {
		opt.apply(o)
	}
	return o
}

// Name names a task or a [Group]. Without it a task is called Task-1, Task-2
// and so on, by its ID, as in asyncio.
func Name(name string) Option { return optionFunc(func(o *options) { o.name = name }) }

// InContext makes a task run in c itself and not in a copy of the caller's
// variables, as the context argument of asyncio.create_task does: what the task
// sets is seen in c afterwards. A Context runs one task at a time; a task
// started in one that is in use fails with a [*ctxvar.EnterError].
//
// Every task has variables of its own, so InContext means nothing to a [Group],
// whose body runs in the caller's.
func InContext(c *ctxvar.Context) Option { return optionFunc(func(o *options) { o.vars = c }) }

// Timeout limits the time of a task or a [Group]: after d its ctx is cancelled,
// with a [*TimeoutError] as the cause. If it ends because of that, the
// TimeoutError is its error. Tasks that it started share the limit.
//
// It does not end a function that ignores its ctx; nothing can.
func Timeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.timeout, o.hasLimit = d, true })
}

// Shielded keeps the cancellation of ctx, and so of the task that starts it,
// from a task. Its own Cancel still reaches it, and so does the end of the
// [Run] it belongs to. See [Shield].
func Shielded() Option { return optionFunc(func(o *options) { o.shielded = true }) }

// FailFast(false) makes a [Group] a supervisor: a child that fails leaves its
// siblings alone. The Group still returns every error. It means nothing to a
// task.
func FailFast(on bool) Option { return optionFunc(func(o *options) { o.tolerant = !on }) }
