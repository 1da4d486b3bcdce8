// Package unheard passes errors that no call can return to the function that
// reports such errors.
package unheard

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// Key is the key under which a context has the func(error) for errors that
// nobody else receives. The contexts of package task have one.
type Key struct{}

// Report reports err to the function in ctx for such errors or, if ctx has
// none, to slog.Default() at level Error. If the methods of ctx or of the logger,
// which may be the user's, panic, that is reported with err and goes no further. If
// ctx calls Goexit, err is logged.
//
// All of that happens in a goroutine that Report waits for. The caller may be
// panicking, or have something to return, which a Goexit would keep from being heard.
func Report(ctx context.Context, err error) { ReportAll(ctx, []error{err}) }

// ReportAll reports each of errs.
func ReportAll(ctx context.Context, errs []error) {
	Apart(errs, func(err error) { report(ctx, err) })
}

func report(ctx context.Context, err error) {
	var hear func(error)
	asked := false
	defer func() {
		if !asked {
			report(context.Background(), err)
		}
	}()
	fault := try(func() { hear, _ = ctx.Value(Key{}).(func(error)) })
	asked = true
	if hear != nil {
		hear(err)
		return
	}
	logged := try(func() {
		if fault != nil {
			ctx = context.Background()
			slog.LogAttrs(ctx, slog.LevelError, "the ctx of an error that no call returns panicked", slog.Any("panic", fault))
		}
		slog.LogAttrs(ctx, slog.LevelError, "an error that no call returns", slog.Any("err", err))
	})
	if logged != nil {
		fmt.Fprintf(os.Stderr, "the logger panicked: %v: with an error that no call returns: %v\n", logged, err)
	}
}

// Apart is Each in a goroutine of its own, which it waits for.
func Apart[T any](items []T, report func(T)) {
	if len(items) == 0 {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Each(items, report)
	}()
	<-done
}

// Each calls report with each of items, even if it calls Goexit for one of them.
func Each[T any](items []T, report func(T)) {
	for i, item := range items {
		returned := false
		func() {
			defer func() {
				if !returned {
					Each(items[i+1:], report)
				}
			}()
			report(item)
			returned = true
		}()
	}
}

// try calls f and returns the value that it panicked with, or nil.
func try(f func()) (fault any) {
	defer func() { fault = recover() }()
	f()
	return nil
}
