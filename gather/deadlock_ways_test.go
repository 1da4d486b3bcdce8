package gather_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
	"github.com/heirloom-go/heirloom/task/scope"
	"github.com/heirloom-go/heirloom/task/shared"
)

// The ways in which a job waits for the task that made its call.
var waysBack = map[string]func(ctx context.Context, caller *task.Task[nothing]) error{
	"Await": func(ctx context.Context, caller *task.Task[nothing]) error { _, err := caller.Await(ctx); return err },
	"Wait": func(ctx context.Context, caller *task.Task[nothing]) error {
		_, _, err := task.Wait(ctx, task.AllCompleted, caller, task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) }))
		return err
	},
	"AsCompleted": func(ctx context.Context, caller *task.Task[nothing]) error {
		for _, err := range task.AsCompleted(ctx, caller) {
			return err
		}
		return nil
	},
	"in a loop over AsCompleted": func(ctx context.Context, caller *task.Task[nothing]) error {
		for range task.AsCompleted(ctx, task.Start(ctx, func(context.Context) error { return nil })) {
			_, err := caller.Await(ctx)
			return err
		}
		return nil
	},
	"Run": func(ctx context.Context, caller *task.Task[nothing]) error {
		_, err := task.Run(ctx, func(ctx context.Context) (nothing, error) { return caller.Await(ctx) })
		return err
	},
	"Group": func(ctx context.Context, caller *task.Task[nothing]) error {
		return task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error { _, err := caller.Await(ctx); return err })
			return nil
		})
	},
	"another task": func(ctx context.Context, caller *task.Task[nothing]) error {
		_, err := task.Start(ctx, func(ctx context.Context) error { _, err := caller.Await(ctx); return err }).Await(ctx)
		return err
	},
	"another task that waits later": func(ctx context.Context, caller *task.Task[nothing]) error {
		_, err := task.Start(ctx, func(ctx context.Context) error { time.Sleep(time.Second); _, err := caller.Await(ctx); return err }).Await(ctx)
		return err
	},
	"joinset": func(ctx context.Context, caller *task.Task[nothing]) error {
		set := joinset.New[nothing](ctx)
		set.Go(caller.Await)
		for _, err := range set.Results(ctx) {
			return err
		}
		return nil
	},
	"scope": func(ctx context.Context, caller *task.Task[nothing]) error {
		s := scope.New(ctx)
		t := scope.Go(s, caller.Await)
		return cmp.Or(s.Wait(ctx), t.Err())
	},
	"shared": func(ctx context.Context, caller *task.Task[nothing]) error {
		calls := shared.New(ctx, func(ctx context.Context, _ int) (nothing, error) { return caller.Await(ctx) })
		_, err := calls.Do(ctx, 1)
		return err
	},
	"Until": func(ctx context.Context, caller *task.Task[nothing]) error {
		var m task.Members
		var failed error // read once done is closed
		done := make(chan nothing)
		task.Start(ctx, func(ctx context.Context) error {
			defer close(done)
			_, failed = caller.Await(ctx)
			return nil
		}, task.MemberOf(&m))
		if err := m.Until(ctx, done); err != nil {
			return err
		}
		return failed
	},
	"CompletedBy": func(ctx context.Context, caller *task.Task[nothing]) error {
		var m task.Members
		promise, complete := task.Promise[nothing](ctx, task.CompletedBy(&m))
		task.Start(ctx, func(ctx context.Context) error { complete(caller.Await(ctx)); return nil }, task.MemberOf(&m))
		_, err := promise.Await(ctx)
		return err
	},
}

// Calls in jobs of others, of which some end with the first of their jobs.
func init() {
	last := func(ctx context.Context) (int, error) {
		_ = task.Sleep(ctx, 2*time.Second)
		return 0, errors.New("the last other")
	}
	nested := map[string]func(ctx context.Context, job jobFunc) error{}
	for _, name := range []string{"Each", "Race", "Any", "Group", "nested"} {
		call := callsForAll[name]
		one := func(job jobFunc) task.Func[int] {
			return func(ctx context.Context) (int, error) { return 0, call(ctx, job) }
		}
		nested[name+" in a Race"] = func(ctx context.Context, job jobFunc) error {
			_, err := gather.Race(ctx, one(job), one(job))
			return err
		}
		nested[name+" in an Any"] = func(ctx context.Context, job jobFunc) error {
			_, err := gather.Any(ctx, one(job), last)
			return err
		}
		nested[name+" in an Any in a Map"] = func(ctx context.Context, job jobFunc) error {
			return gather.Each(ctx, items, func(ctx context.Context, _ int) error {
				_, err := gather.Any(ctx, one(job), last)
				return err
			})
		}
		nested[name+" in a Group that waits late"] = func(ctx context.Context, job jobFunc) error {
			g, ctx := gather.WithContext(ctx)
			g.Go(func() error { return call(ctx, job) })
			time.Sleep(5 * time.Second)
			return g.Wait()
		}
	}
	maps.Copy(callsForAll, nested)
	callsForAll["beside a Race that goes on"] = func(ctx context.Context, job jobFunc) error {
		one := func(ctx context.Context) (int, error) { return job(ctx, 0) }
		_, err := gather.All(ctx, one, func(ctx context.Context) (int, error) {
			return gather.Race(ctx, one, func(ctx context.Context) (int, error) {
				_, err := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) }).Await(ctx)
				return 0, err
			})
		})
		return err
	}
}
