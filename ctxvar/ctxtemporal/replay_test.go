package ctxtemporal_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxtemporal"
)

// look calls an activity with an ID that says what the caller reads, so that a replay
// that reads something else is detected.
func look(ctx workflow.Context, where string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{ActivityID: where + ": " + whoami(), StartToCloseTimeout: time.Minute})
	var seen string
	err := workflow.ExecuteActivity(ctx, lookActivity).Get(ctx, &seen)
	if want := strings.TrimSuffix(whoami(), local.Get()) + "unset"; err == nil && seen != want {
		err = errors.New(where + ": the activity has seen " + seen + " and not " + want)
	}
	return err
}

// story does everything that a workflow can do, and continues as ending when it is
// asked to.
func story(ctx workflow.Context) error {
	local.Set("the story's")
	err := workflow.SetQueryHandler(ctx, "whoami", func() (string, error) { return whoami(), nil })
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandler(ctx, "look", func(ctx workflow.Context) (string, error) { return whoami(), look(ctx, "update") })
	if err != nil {
		return err
	}
	tenant.Set("after the handlers")
	var failed error
	wg := workflow.NewWaitGroup(ctx)
	for _, name := range []string{"first", "second"} {
		wg.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer wg.Done()
			local.Set(name)
			failed = errors.Join(failed, look(ctx, "coroutine"))
		})
	}
	wg.Wait(ctx)
	workflow.SideEffect(ctx, func(workflow.Context) any { tenant.Set("left"); return nil })
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: requestID.Get() + " " + whoami()})
	failed = errors.Join(failed, workflow.ExecuteLocalActivity(ctx, lookActivity).Get(ctx, nil))
	failed = errors.Join(failed, workflow.ExecuteChildWorkflow(ctx, child).Get(ctx, nil))
	workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
	if failed = errors.Join(failed, look(ctx, "signal")); failed != nil {
		return failed
	}
	return workflow.NewContinueAsNewError(ctx, ending)
}

func ending(ctx workflow.Context) ([]string, error) {
	return []string{whoami(), requestID.Get()}, look(ctx, "ending")
}

// replay replays a history in a worker with variables of its own.
func replay(t *testing.T, file string, installed bool) (err error) {
	options := worker.WorkflowReplayerOptions{}
	if installed {
		options.ContextPropagators = []workflow.ContextPropagator{ctxtemporal.NewPropagator(fields...)}
		options.Interceptors = []interceptor.WorkerInterceptor{ctxtemporal.NewInterceptor(fields...)}
	}
	replayer, err := worker.NewWorkflowReplayerWithOptions(options)
	require.NoError(t, err)
	for _, w := range []any{story, ending, child} {
		replayer.RegisterWorkflow(w)
	}
	asWorker(func() { err = replayer.ReplayWorkflowHistoryFromJSONFile(quiet{}, file) })
	return err
}

// TestServer has recorded the histories.
func TestReplay(t *testing.T) {
	for _, name := range []string{"story", "ending"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".json")
			require.NoError(t, replay(t, file, true))
			require.ErrorContains(t, replay(t, file, false), "nondeterministic", "what the worker has is something else")
		})
	}
}

var record = flag.Bool("record", false, "write what TestServer does to testdata")

// TestServer runs the story on a real server. Its worker keeps nothing between the
// tasks of a workflow, and so replays the workflow for each.
func TestServer(t *testing.T) {
	address, namespace, ok := strings.Cut(os.Getenv("HEIRLOOM_TEMPORAL"), " ")
	if !ok {
		t.Skip("HEIRLOOM_TEMPORAL has no server: `bash .ci/run temporal` has one")
	}
	worker.SetStickyWorkflowCacheSize(0)
	c, err := client.Dial(ctxtemporal.Options(client.Options{
		HostPort: address, Namespace: namespace, Identity: "test", Logger: quiet{},
	}, fields...))
	require.NoError(t, err)
	defer c.Close()
	asWorker(func() {
		w := worker.New(c, "stories", worker.Options{})
		for _, fn := range []any{story, ending, child} {
			w.RegisterWorkflow(fn)
		}
		w.RegisterActivity(lookActivity)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	})

	ctx := t.Context()
	var run client.WorkflowRun
	ctxvar.Work(func() {
		tenant.Set("acme")
		user.Set("ada")
		run, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "story", TaskQueue: "stories"}, story)
	})
	require.NoError(t, err)
	begun := run.GetRunID()
	seen := func(value interface{ Get(any) error }, err error) (s string) {
		require.NoError(t, err)
		require.NoError(t, value.Get(&s))
		return s
	}
	update := func() string {
		handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: "look", WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		require.NoError(t, err)
		var s string
		require.NoError(t, handle.Get(ctx, &s))
		return s
	}
	assert.Equal(t, "acme nobody the story's", update(), "nobody's, and not of the workflow's user")
	ctxvar.Work(func() {
		tenant.Set("umbrella")
		user.Set("bob")
		assert.Equal(t, "umbrella bob the story's", update())
		assert.Equal(t, "umbrella bob the story's", seen(c.QueryWorkflow(ctx, run.GetID(), begun, "whoami")))
		require.NoError(t, c.SignalWorkflow(ctx, run.GetID(), begun, "go on", nil))
	})
	assert.Equal(t, "acme nobody the story's", seen(c.QueryWorkflow(ctx, run.GetID(), begun, "whoami")))

	var end []string
	require.NoError(t, run.Get(ctx, &end))
	assert.Equal(t, []string{"after the handlers ada unset", begun}, end)
	activityOutsideOfWorkflows(t, c)

	folder := t.TempDir()
	if *record {
		folder = "testdata"
	}
	for name, id := range map[string]string{"story": begun, "ending": ""} {
		file := filepath.Join(folder, name+".json")
		save(t, c, run.GetID(), id, file)
		require.NoError(t, replay(t, file, true))
	}
}

func activityOutsideOfWorkflows(t *testing.T, c client.Client) {
	tenant.With("acme", func() {
		handle, err := c.ExecuteActivity(t.Context(), client.StartActivityOptions{
			ID: "standalone", TaskQueue: "stories", StartToCloseTimeout: time.Minute,
		}, lookActivity)
		require.NoError(t, err)
		var s string
		require.NoError(t, handle.Get(t.Context(), &s))
		assert.Equal(t, "acme nobody unset", s)
	})
}

// save writes the history of a run, or of the last one.
func save(t *testing.T, c client.Client, workflowID, runID, file string) {
	events := c.GetWorkflowHistory(t.Context(), workflowID, runID, false, 0)
	history := new(historypb.History)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	data, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(history)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(data, '\n'), 0o644))
}
