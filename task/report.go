package task

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// Report reports errors that no call can return, such as what goes wrong after a
// function has given its result, or in a callback. Each is passed to the [Unobserved]
// function of the task, the [Group] or the [Run] that ctx comes from or, if ctx comes
// from none, logged with slog.Default() at level Error. It mirrors
// loop.call_exception_handler. Nil errors are left out.
//
// Nothing that a report calls, such as a method of ctx, panics in the caller or ends its
// goroutine: the reports are made in a goroutine that Report waits for. So the caller may
// be panicking itself, or have something to return.
func Report(ctx context.Context, errs ...error) {
	checkCtx(ctx)
	apart(errs, func(err error) {
		if err != nil {
			reportTo(ctx, err)
		}
	})
}

func reportTo(ctx context.Context, err error) {
	var n *node
	call(func() { n = nodeOf(ctx) }, func(fault error) {
		if n != nil {
			n.env.report(n.info(), err)
			return
		}
		logLost(ctx, err, fault)
	})
}

// logLost logs err, and the fault of ctx if there is one. The logger may be the user's, and
// the text of err is.
func logLost(ctx context.Context, err, fault error) {
	call(func() {
		if fault != nil {
			ctx = context.Background()
			slog.LogAttrs(ctx, slog.LevelError, "the ctx of an error that no call returns is faulty", slog.Any("fault", fault))
		}
		slog.LogAttrs(ctx, slog.LevelError, "an error that no call returns", slog.Any("err", err))
	}, func(fault error) {
		if fault != nil {
			fmt.Fprintf(os.Stderr, "task: the logger does not take an error that no call returns, a %T: %v\n", err, fault)
		}
	})
}

// apart does what each does, in a goroutine that it waits for.
func apart[T any](items []T, report func(T)) {
	if len(items) > 0 {
		verdict.Apart(func() { each(items, report) })
	}
}

// each calls report with each of items, even if it calls Goexit for one of them.
func each[T any](items []T, report func(T)) {
	for i, item := range items {
		returned := false
		func() {
			defer func() {
				if !returned {
					each(items[i+1:], report)
				}
			}()
			report(item)
			returned = true
		}()
	}
}
