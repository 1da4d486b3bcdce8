package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

var shownID = ctxvar.New("request_id", ctxvar.Default("-"))

// below returns the part of the picture from the task called name on, down to
// the last one that is in it: other tests' tasks may be live too.
func below(t *testing.T, tree task.Tree, name string) []task.Info {
	t.Helper()
	var infos []task.Info
	in := map[uint64]bool{}
	for _, i := range tree.Tasks {
		if i.Name == name || in[i.Parent] && i.Parent != 0 {
			in[i.ID] = true
			infos = append(infos, i)
		}
	}
	require.NotEmpty(t, infos, "no task called %s is live", name)
	return infos
}

// runFamily runs a main task with a group of two children, one asleep and one
// awaiting the other, and calls look while they do.
func runFamily(t *testing.T, look func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			shownID.Set("r1")
			return 0, task.Group(ctx, func(ctx context.Context) error {
				sleeper := task.Go(ctx, func(ctx context.Context) (int, error) {
					shownID.Set("r2")
					return 0, task.Sleep(ctx, time.Hour)
				}, task.Name("sleeper"))
				task.Go(ctx, func(ctx context.Context) (int, error) { return sleeper.Await(ctx) }, task.Name("waiter"))
				time.Sleep(90 * time.Second)
				synctest.Wait()
				look()
				return nil
			}, task.Name("family"))
		}, task.Name("main"))
		require.NoError(t, err)
	})
}

func TestSnapshot(t *testing.T) {
	runFamily(t, func() {
		tree := task.Snapshot(task.TreeVariables(shownID))
		infos := below(t, tree, "main")
		require.Len(t, infos, 4)
		main, family, sleeper, waiter := infos[0], infos[1], infos[2], infos[3]

		assert.Equal(t, task.KindTask, main.Kind)
		assert.Zero(t, main.Parent)
		assert.Equal(t, map[string]string{"request_id": "r1"}, main.Variables)

		assert.Equal(t, task.KindGroup, family.Kind)
		assert.Equal(t, main.ID, family.Parent)
		assert.Empty(t, family.Variables)

		assert.Equal(t, "sleeper", sleeper.Name)
		assert.Equal(t, family.ID, sleeper.Parent)
		assert.Equal(t, task.Waiting, sleeper.State)
		assert.Equal(t, "sleep", sleeper.Waiting)
		assert.Equal(t, map[string]string{"request_id": "r2"}, sleeper.Variables)

		assert.Equal(t, "waiter", waiter.Name)
		assert.Equal(t, "sleeper", waiter.Waiting)
		assert.Equal(t, map[string]string{"request_id": "r1"}, waiter.Variables)
	})
}

func TestSnapshotShowsNoValuesUnlessAsked(t *testing.T) {
	runFamily(t, func() {
		for _, info := range task.Snapshot().Tasks {
			assert.Nil(t, info.Variables)
		}
	})
}

func TestSnapshotMax(t *testing.T) {
	runFamily(t, func() {
		all := len(task.Snapshot().Tasks)
		tree := task.Snapshot(task.TreeMax(2))
		assert.Len(t, tree.Tasks, 2)
		assert.Equal(t, all-2, tree.Omitted)
		assert.Empty(t, task.Snapshot(task.TreeMax(-1)).Tasks)
	})
}

func TestTreeJSON(t *testing.T) {
	runFamily(t, func() {
		tree := task.Snapshot(task.TreeVariables(shownID))
		text, err := json.Marshal(tree)
		require.NoError(t, err)
		var back task.Tree
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Len(t, back.Tasks, len(tree.Tasks))
		for i := range tree.Tasks {
			assert.True(t, tree.Tasks[i].Started.Equal(back.Tasks[i].Started))
			back.Tasks[i].Started = tree.Tasks[i].Started
		}
		assert.Equal(t, tree.Tasks, back.Tasks)
	})
}

func TestTreeJSONOfNothing(t *testing.T) {
	text, err := json.Marshal(task.Snapshot(task.TreeMax(0)))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"tasks":[]`, "never null")
}

func TestWriteTree(t *testing.T) {
	runFamily(t, func() {
		var b strings.Builder
		tree := task.Tree{Time: time.Now(), Tasks: below(t, task.Snapshot(task.TreeVariables(shownID)), "main")}
		require.NoError(t, tree.Write(&b))
		// IDs depend on the tests before.
		want := `main #N  running  1m30s  request_id="r1"
└── family #N  running  1m30s
    ├── sleeper #N  waiting  1m30s  for sleep  request_id="r2"
    └── waiter #N  waiting  1m30s  for sleeper #N  request_id="r1"
`
		assert.Equal(t, want, withoutIDs(b.String()))
	})
}

// withoutIDs writes N for each number behind a #.
func withoutIDs(s string) string {
	parts := strings.Split(s, "#")
	for i := 1; i < len(parts); i++ {
		parts[i] = "N" + strings.TrimLeft(parts[i], "0123456789")
	}
	return strings.Join(parts, "#")
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteTreeReturnsTheWritersError(t *testing.T) {
	runFamily(t, func() {
		broken := errors.New("broken")
		assert.ErrorIs(t, task.WriteTree(failingWriter{broken}), broken)
	})
}

func TestAll(t *testing.T) {
	runFamily(t, func() {
		names := map[string]bool{}
		for h := range task.All() {
			names[h.Name()] = true
		}
		for _, name := range []string{"main", "sleeper", "waiter"} {
			assert.True(t, names[name], name)
		}
		assert.False(t, names["family"], "a Group is not a task")
		for range task.All() {
			break
		}
	})
}

// A value whose String method starts a task is printed while no lock is held.
type nosy struct{ ctx context.Context }

func (n nosy) String() string {
	t := task.Go(n.ctx, func(context.Context) (string, error) { return "nosy", nil })
	s, _ := t.Await(n.ctx)
	return s
}

var nosyVar = ctxvar.New[nosy]("nosy")

func TestSnapshotPrintsValuesUnlocked(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		nosyVar.Set(nosy{ctx})
		tree := task.Snapshot(task.TreeVariables(nosyVar))
		assert.Equal(t, "nosy", below(t, tree, "nosy main")[0].Variables["nosy"])
		return 0, nil
	}, task.Name("nosy main"))
	require.NoError(t, err)
}

var shownPassword = ctxvar.New("password", ctxvar.Secret[string]())

func TestSnapshotRedactsSecretVariables(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		variables := func() map[string]string {
			return below(t, task.Snapshot(task.TreeVariables(shownPassword, shownID)), "redacted main")[0].Variables
		}
		assert.Empty(t, variables(), "no value is set")
		shownPassword.Set("hunter2")
		shownID.Set("r1")
		assert.Equal(t, map[string]string{"password": ctxvar.Redacted, "request_id": "r1"}, variables())
		return 0, nil
	}, task.Name("redacted main"))
	require.NoError(t, err)
}

// Every task that is live all the time is in every picture, once, whatever starts and
// ends around it.
func TestSnapshotWhileTasksComeAndGo(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		release := make(chan struct{})
		const n = 50
		for range n {
			// The one in between ends at once, so the one that stays moves up.
			task.Go(ctx, func(ctx context.Context) (int, error) {
				task.Go(ctx, func(context.Context) (int, error) { <-release; return 0, nil }, task.Name("stays"))
				return 0, nil
			})
		}
		require.Eventually(t, func() bool {
			return strings.Count(names(task.Snapshot()), "stays") == n
		}, time.Minute, time.Millisecond)
		var churn sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			churn.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						c := task.Go(ctx, func(ctx context.Context) (int, error) {
							task.Go(ctx, func(context.Context) (int, error) { return 0, nil })
							return 0, nil
						})
						_, _ = c.Await(ctx)
					}
				}
			})
		}
		for range 200 {
			assert.Equal(t, n, strings.Count(names(task.Snapshot()), "stays"))
		}
		close(stop)
		churn.Wait()
		close(release)
		return 0, nil
	})
	require.NoError(t, err)
}

func names(tree task.Tree) string {
	var b strings.Builder
	for _, i := range tree.Tasks {
		b.WriteString(i.Name + " ")
	}
	return b.String()
}

// A task has its variables from the moment that it is visible, to any observer.
func TestSnapshotOfVariablesWhileTasksStart(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		shownID.Set("inherited")
		var started atomic.Bool
		watch := task.Go(ctx, func(context.Context) (none, error) {
			for !started.Load() {
				for _, info := range task.Snapshot(task.TreeVariables(shownID)).Tasks {
					if info.Name == "short" {
						require.Equal(t, "inherited", info.Variables["request_id"])
					}
				}
			}
			return none{}, nil
		})
		for range 2000 {
			_, _ = task.Go(ctx, func(context.Context) (none, error) { return none{}, nil }, task.Name("short")).Await(ctx)
		}
		started.Store(true)
		return watch.Await(ctx)
	})
	require.NoError(t, err)
}

func TestOnFinished(t *testing.T) {
	var (
		mu   sync.Mutex
		seen = map[string]task.Finished{}
	)
	stop := task.OnFinished(func(f task.Finished) {
		mu.Lock()
		defer mu.Unlock()
		seen[f.Name] = f
	})
	also := task.OnFinished(func(task.Finished) {})
	boom := errors.New("boom")
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, boom }, task.Name("fails")).Await(ctx)
		_, _ = task.Go(ctx, func(context.Context) (int, error) { panic(boom) }, task.Name("panics")).Await(ctx)
		return task.Go(ctx, func(context.Context) (int, error) { return 1, nil }, task.Name("succeeds")).Await(ctx)
	})
	require.NoError(t, err)
	also()
	stop()
	stop() // once is enough, and twice no harm
	_, err = task.Run(t.Context(), func(context.Context) (int, error) { return 0, nil }, task.Name("unseen"))
	require.NoError(t, err)

	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, task.Failed, seen["fails"].State)
	assert.Equal(t, "boom", seen["fails"].Error)
	assert.Equal(t, task.Panicked, seen["panics"].State)
	assert.Equal(t, task.Succeeded, seen["succeeds"].State)
	assert.Empty(t, seen["succeeds"].Error)
	assert.NotZero(t, seen["succeeds"].Parent)
	assert.False(t, seen["succeeds"].Ended.Before(seen["succeeds"].Started))
	assert.NotContains(t, seen, "unseen")
}

func ExampleWriteTree() {
	_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
		return 0, task.WriteTree(os.Stdout, task.TreeMax(0))
	})
	// Output:
	// … and 1 more
}
