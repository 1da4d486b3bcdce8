package task_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestGroupErrorText(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(0, errMine), task.Name("a"))
			return nil
		})
		assert.EqualError(t, err, `task: group: "a": mine`)

		err = task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(tenth, errors.New("two\nlines")), task.Name("a"))
			task.Go(ctx, failAfter(tenth+1, &task.TimeoutError{Task: "b", After: time.Second}), task.Name("b"))
			time.Sleep(tenth + 2)
			return errMine
		}, task.Name("jobs"), task.FailFast(false))
		assert.EqualError(t, err, "task: group \"jobs\": 3 errors\n\t\"a\": two\n\tlines\n\ttask: \"b\" timed out after 1s\n\tbody: mine")

		for reported, want := range []string{
			"task: group: body: mine",
			"task: group: body: mine\n\tand 1 failure, which was reported",
			"task: group: body: mine\n\tand 2 failures, which were reported",
		} {
			err = supervised(ctx, reported, errMine)
			assert.EqualError(t, err, want)
			onlyErrors(t, err, 1, errMine)
		}
		err = supervised(ctx, 1, nil)
		assert.EqualError(t, err, "task: group: 1 failure, which was reported")
		onlyErrors(t, err, 0, nil)
	})
}

// supervised returns the error of a Group in which some children failed long before the
// body returns.
func supervised(ctx context.Context, failures int, bodyErr error) error {
	return task.Group(ctx, func(ctx context.Context) error {
		for range failures {
			task.Go(ctx, failAfter(0, errZero))
		}
		time.Sleep(time.Minute)
		return bodyErr
	}, task.FailFast(false), task.Unobserved(func(task.Info, error) {}))
}

func TestGroupGivesItsChildrenTheFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(tenth, errMine), task.Name("culprit"))
			<-ctx.Done()
			var abort *task.AbortError
			if assert.ErrorAs(t, context.Cause(ctx), &abort) {
				assert.Equal(t, task.AbortError{Group: "jobs", Task: "culprit", Err: errMine}, *abort)
			}
			return context.Cause(ctx)
		}, task.Name("jobs"))
		assert.EqualError(t, err, `task: group "jobs": "culprit": mine`, "the cause, returned, is no error of its own")
	})
}

func TestGroupAsASupervisor(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var ok, late *task.Task[int]
		var reported []error
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(tenth, errMine))
			task.Go(ctx, func(context.Context) (none, error) { panic(errZero) })
			ok = task.Go(ctx, after(time.Second, 42))
			time.Sleep(2 * tenth)
			late = task.Go(ctx, after(tenth, 1))
			ok.OnDone(func(*task.Task[int]) { task.Go(ctx, failAfter(0, errBoom)) })
			return ctx.Err()
		}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
		onlyErrors(t, err, 1, errBoom)
		assert.Contains(t, err.Error(), "and 2 failures, which were reported")
		require.Len(t, reported, 2)
		assert.ErrorIs(t, reported[0], errZero)
		assert.ErrorIs(t, reported[1], errMine)
		requireResult(t, 42, ok)
		requireResult(t, 1, late)

		err = task.Group(ctx, func(ctx context.Context) error {
			ok = task.Go(ctx, after(time.Hour, 42))
			return errMine
		}, task.FailFast(false))
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Canceled, ok.State(), "body's own failure still ends it")
	})
}

// However body ends, the children have ended before the Group does.
func TestGroupChildrenNeverOutliveIt(t *testing.T) {
	bodies := map[string]func(ctx context.Context) error{
		"returns":        func(context.Context) error { return nil },
		"fails":          func(context.Context) error { return errMine },
		"panics":         func(context.Context) error { panic(errMine) },
		"calls Goexit":   func(context.Context) error { runtime.Goexit(); return nil },
		"is cancelled":   func(ctx context.Context) error { task.Current().Cancel(nil); return task.Sleep(ctx, time.Hour) },
		"ignores cancel": func(context.Context) error { task.Current().Cancel(nil); return nil },
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var live atomic.Int32
				owner := task.Go(ctx, func(ctx context.Context) (none, error) {
					defer func() { assert.Zero(t, live.Load()) }()
					return none{}, task.Group(ctx, func(ctx context.Context) error {
						var spawn func(ctx context.Context, depth int)
						spawn = func(ctx context.Context, depth int) {
							live.Add(1)
							task.Go(ctx, func(ctx context.Context) (none, error) {
								if depth > 0 {
									spawn(ctx, depth-1)
								}
								err := task.Sleep(ctx, time.Second)
								time.Sleep(time.Second)
								live.Add(-1)
								return none{}, err
							})
						}
						spawn(ctx, 3)
						spawn(ctx, 0)
						synctest.Wait()
						return body(ctx)
					})
				})
				<-owner.Done()
				err := owner.Err()
				switch name {
				case "returns":
					assert.NoError(t, err)
				case "fails", "panics":
					assert.ErrorIs(t, err, errMine)
				case "calls Goexit":
					assert.ErrorIs(t, err, task.ErrGoexit)
					assert.Equal(t, task.Goexited, owner.State())
				default:
					assert.ErrorIs(t, err, context.Canceled)
					assert.Equal(t, task.Canceled, owner.State())
				}
			})
		})
	}
}

// If a body calls Goexit, nobody sees what its Group returns.
func TestGroupReportsErrorsThatAGoexitHides(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var r reporter
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			return none{}, task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, failAfter(0, errMine))
				synctest.Wait()
				runtime.Goexit()
				return nil
			})
		}, r.option())
		assert.ErrorIs(t, err, task.ErrGoexit)
		assert.Equal(t, []error{errMine}, r.errs)
	})
}

// The body passes on the error of a child that it awaited: one failure, not two.
func TestGroupCountsAFailureOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			_, err := task.Go(ctx, failAfter(0, errMine)).Await(context.WithoutCancel(ctx))
			return err
		})
		assert.Equal(t, []error{errMine}, errorsOf(t, err))
	})
}

// A child started with a ctx that was made from the Group's is a child.
func TestGroupChildByADerivedCtx(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		type key struct{}
		began := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			limited, stop := context.WithTimeout(context.WithValue(ctx, key{}, 1), time.Hour)
			context.AfterFunc(ctx, stop)
			task.Go(limited, failAfter(time.Second, errMine))
			task.Go(context.WithValue(ctx, key{}, 2), after(time.Hour, 1))
			return nil
		})
		assert.Equal(t, []error{errMine}, errorsOf(t, err))
		assert.Equal(t, time.Second, began())
	})
}

// A Run in a Group's body belongs to the body, which must handle its error.
func TestRunInAGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			_, err := task.Run(ctx, failAfter(tenth, errMine))
			assert.Equal(t, errMine, err)
			return ctx.Err()
		}))
	})
}

func TestRunOfAPanicAndAGoexit(t *testing.T) {
	_, err := task.Run(t.Context(), func(context.Context) (int, error) { panic(errMine) }, task.Name("main"))
	assert.ErrorIs(t, err, errMine)
	assert.Regexp(t, `^task "main": panic: mine \(in task_test\.TestRunOfAPanicAndAGoexit\.`, err.Error())
	_, err = task.Run(t.Context(), func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, task.Name("main"))
	assert.ErrorIs(t, err, task.ErrGoexit)
	assert.EqualError(t, err, `task: run "main": the function called runtime.Goexit, as t.FailNow does, and never returned`)
}

// A panic's stack is that of the panic, however many tasks it passes through.
func TestPanicThroughManyAwaits(t *testing.T) {
	ctx := t.Context()
	var through func(depth int) task.Func[int]
	through = func(depth int) task.Func[int] {
		return func(ctx context.Context) (int, error) {
			if depth == 0 {
				explode("deep")
			}
			v, err := task.Go(ctx, through(depth-1)).Await(ctx)
			if err != nil && depth%2 == 0 {
				panic(err) // passed on by panicking again
			}
			return v, err
		}
	}
	_, err := task.Go(ctx, through(10)).Await(ctx)
	var pe *task.PanicError
	require.ErrorAs(t, err, &pe)
	assert.Equal(t, "deep", pe.Value)
	assert.Contains(t, lines(pe.Stack)[0], "task_test.explode(...)")
	assert.Less(t, len(err.Error()), 200, "formatted once: %s", err)
}

// t.FailNow, and so everything in require, in a task of a test: the test fails
// with the message, its siblings end, nothing hangs and nothing crashes.
func TestFailNowInATask(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFailNowInATask$", "-test.timeout=30s")
		cmd.Env = append(os.Environ(), childEnv+"=test")
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.ENOEXEC) || errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no processes here, or none without the emulator that the tests run in")
		}
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%s", out)
		assert.Contains(t, string(out), "--- FAIL: TestFailNowInATask")
		assert.Contains(t, string(out), "the message of the assertion")
		assert.Contains(t, string(out), "sibling: canceled")
		assert.Contains(t, string(out), "group: exited")
		assert.NotContains(t, string(out), "panic:")
		assert.NotContains(t, string(out), "nobody looked")
		return
	}
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		var sibling *task.Task[int]
		err := task.Group(ctx, func(ctx context.Context) error {
			sibling = task.Go(ctx, after(time.Hour, 1))
			task.Go(ctx, func(context.Context) (none, error) {
				require.Fail(t, "the message of the assertion")
				return none{}, nil
			})
			return nil
		})
		fmt.Println("sibling:", sibling.State())
		if errors.Is(err, task.ErrGoexit) {
			fmt.Println("group: exited")
		}
		return none{}, err
	})
	require.NoError(t, err)
}

// A child with FailFast(false) fails alone: its Group neither stops nor returns the
// error. The error goes to callers that await the child, or is reported once.
func TestGroupChildFailsAlone(t *testing.T) {
	for _, looked := range []bool{true, false} {
		var reported []error
		var sibling *task.Task[int]
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			return 0, task.Group(ctx, func(ctx context.Context) error {
				alone := task.Go(ctx, func(context.Context) (int, error) { panic(errBoom) }, task.FailFast(false))
				<-alone.Done()
				if looked {
					assert.ErrorIs(t, alone.Err(), errBoom)
				}
				sibling = task.Go(ctx, func(ctx context.Context) (int, error) { return 1, ctx.Err() })
				return nil
			})
		}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
		require.NoError(t, err)
		assert.Equal(t, task.Succeeded, sibling.State())
		if looked {
			assert.Empty(t, reported)
		} else {
			require.Len(t, reported, 1)
			assert.ErrorIs(t, reported[0], errBoom)
		}
	}
}

// What body says when it ends because of a limit or a cancellation stays, as with a task.
func TestGroupKeepsWhatItsBodySays(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(ctx context.Context)
		opts []task.Option
		as   any
	}{
		"Timeout":     {func(context.Context) {}, []task.Option{task.Timeout(time.Second)}, new(*task.TimeoutError)},
		"SetTimeout":  {func(ctx context.Context) { task.SetTimeout(ctx, time.Second) }, nil, new(*task.TimeoutError)},
		"CancelScope": {func(ctx context.Context) { task.CancelScope(ctx, errMine) }, nil, new(*task.CanceledError)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				err := task.Group(ctx, func(ctx context.Context) error {
					test.end(ctx)
					<-ctx.Done()
					return &fs.PathError{Op: "save", Path: "orders", Err: ctx.Err()}
				}, test.opts...)
				require.ErrorAs(t, err, test.as)
				var of *fs.PathError
				require.ErrorAs(t, err, &of)
				assert.Equal(t, "orders", of.Path)
			})
		})
	}
}
