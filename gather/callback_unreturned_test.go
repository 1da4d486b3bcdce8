package gather_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A panic that a call has no way to return is reported, once.
func TestPanicsThatAreNotReturned(t *testing.T) {
	panicsItself := func(context.Context) (int, error) { panic(errBoom) }
	t.Run("itself", func(t *testing.T) { testPanicsThatAreNotReturned(t, panicsItself) })
	t.Run("awaited", func(t *testing.T) {
		testPanicsThatAreNotReturned(t, func(ctx context.Context) (int, error) {
			ctx = context.WithoutCancel(ctx)
			v, err := task.Go(ctx, panicsItself).Await(ctx)
			return v, fmt.Errorf("awaited: %w", err)
		})
	})
}

// testPanicsThatAreNotReturned lets fn end a job whose call does not return its error.
func testPanicsThatAreNotReturned(t *testing.T, fn task.Func[int]) {
	late := func(ctx context.Context) (int, error) { <-ctx.Done(); return fn(ctx) }
	lateJob := func(ctx context.Context, i int) (int, error) {
		if i == 0 {
			return 0, errQuit
		}
		return late(ctx)
	}
	for name, call := range map[string]func(context.Context) error{
		"All":  func(ctx context.Context) error { _, err := gather.All(ctx, returning(0, 0, errQuit), late); return err },
		"Race": func(ctx context.Context) error { _, err := gather.Race(ctx, returning(0, 1, nil), late); return err },
		"Race, failed": func(ctx context.Context) error {
			_, err := gather.Race(ctx, returning(0, 0, errQuit), late)
			return err
		},
		"Any": func(ctx context.Context) error { _, err := gather.Any(ctx, returning(0, 1, nil), late); return err },
		"Any, earlier": func(ctx context.Context) error {
			_, err := gather.Any(ctx, returning(time.Second, 1, nil), fn)
			return err
		},
		"StopAfter": func(ctx context.Context) error {
			_, err := gather.Map(ctx, upTo(2), lateJob, gather.OnError(gather.StopAfter(1)))
			return err
		},
		"Stream": func(ctx context.Context) error {
			// Job 1 has to have begun when the loop ends, or it never does.
			begun := make(chan struct{})
			for range gather.Stream(ctx, slices.Values(upTo(2)), func(ctx context.Context, i int) (int, error) {
				if i == 0 {
					<-begun
				} else {
					close(begun)
				}
				return lateJob(ctx, i)
			}, gather.Limit(2)) {
				break
			}
			return nil
		},
		"Group": func(ctx context.Context) error {
			g, ctx := gather.WithContext(ctx)
			g.Go(func() error { return errQuit })
			g.Go(func() error { _, err := late(ctx); return err })
			return g.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var errs []error
				_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) { return 0, call(ctx) }, heard(&errs))
				assert.NotErrorIs(t, err, errBoom)
				require.Len(t, errs, 1)
				assert.ErrorIs(t, errs[0], errBoom)
				var job *gather.JobError
				assert.ErrorAs(t, errs[0], &job, "it says which job")
			})
		})
	}
}

// Nothing ends the others, so Wait takes long to return.
func TestPanicInAZeroGroupIsHeardAtOnce(t *testing.T) {
	lines := logged(t)
	var g gather.Group
	release := make(chan struct{})
	g.Go(func() error { <-release; return nil })
	g.Go(func() error { panic("nil map in the refresher") })
	assert.Contains(t, <-lines, "nil map in the refresher")
	close(release)
	var panicked *task.PanicError
	require.ErrorAs(t, g.Wait(), &panicked)
	assert.Empty(t, lines, "once")

	var alone gather.Group
	alone.Go(func() error { panic("the last one") })
	require.ErrorAs(t, alone.Wait(), &panicked)
	assert.Empty(t, lines, "Wait returns it at once")
}

// logged returns the output of the default logger until the test ends, without what
// package task has to say: a failed task of an earlier test may only now be garbage.
func logged(t *testing.T) <-chan string {
	lines := make(chan string, 10)
	before, out, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(writer(func(p []byte) {
		if line := string(p); !strings.Contains(line, "nobody looked at its error") {
			lines <- line
		}
	}), nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		// SetDefault makes package log write to the logger, and does not undo that. A later
		// log call would block, since nothing receives from the channel.
		log.SetOutput(out)
		log.SetFlags(flags)
	})
	return lines
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}
