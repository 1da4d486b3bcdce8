package ctxtemporal_test

import (
	"context"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxtemporal"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// run runs a workflow in a worker that has variables of its own, and returns the
// workflow's result.
func run(t *testing.T, env *testsuite.TestWorkflowEnvironment, fn any, args ...any) (seen []string) {
	asWorker(func() { env.ExecuteWorkflow(fn, args...) })
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, env.GetWorkflowResult(&seen))
	return seen
}

func withActivities(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func TestWorkflowHasItsCallersVariables(t *testing.T) {
	look := func(workflow.Context) ([]string, error) { return []string{whoami(), requestID.Get()}, nil }
	for _, tt := range []struct {
		reason string
		header map[string]string
		want   string
	}{
		{"nothing was sent, and nothing of the worker's is seen", nil, "public nobody unset"},
		{"what was sent", map[string]string{"tenant": "acme", "user": "ada"}, "acme ada unset"},
		{"what is no field's", map[string]string{"local": "sent"}, "public nobody unset"},
		{"what no header can have", map[string]string{"tenant": "two\nlines", "user": "ada"}, "public ada unset"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			seen := run(t, environment(t, tt.header), look)
			assert.Equal(t, tt.want, seen[0])
			assert.NotEmpty(t, seen[1])
		})
	}
}

func TestRefused(t *testing.T) {
	var refused []string
	field := ctxwire.String(tenant, "tenant", ctxwire.OnRefused(func(err *ctxwire.FieldError) { refused = append(refused, err.Error()) }))
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	header := headerOf(t, map[string]string{"tenant": "acme"})
	header.Fields["tenant"].Data = []byte(`{"not": "a text"}`)
	suite.SetHeader(header)
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: interceptors(field)})
	env.RegisterActivity(lookActivity)
	value, err := env.ExecuteActivity(lookActivity)
	require.NoError(t, err)
	var seen string
	require.NoError(t, value.Get(&seen))
	assert.Equal(t, "public nobody unset", seen)
	assert.Equal(t, []string{"ctxtemporal: tenant as tenant: value has characters that this protocol can't carry as they are: encode it, with Func"}, refused)
}

// A request without an ID in a workflow gets one that is the same in a replay.
func TestWorkflowID(t *testing.T) {
	look := func(ctx workflow.Context) ([]string, error) {
		return []string{requestID.Get(), workflow.GetInfo(ctx).WorkflowExecution.RunID}, nil
	}
	seen := run(t, environment(t, map[string]string{"X-Request-Id": "r1"}), look)
	assert.Equal(t, "r1", seen[0])
	seen = run(t, environment(t, map[string]string{"X-Request-Id": "<r1>"}), look)
	assert.Equal(t, seen[1], seen[0])
}

// A coroutine has the variables that the coroutine which started it had at that moment.
func TestCoroutines(t *testing.T) {
	seen := run(t, environment(t, map[string]string{"tenant": "acme", "user": "ada"}), func(ctx workflow.Context) (seen []string, err error) {
		tenant.Set("before")
		wg := workflow.NewWaitGroup(ctx)
		for _, name := range []string{"first", "second"} {
			wg.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer wg.Done()
				seen = append(seen, whoami())
				local.Set(name)
				err := workflow.Sleep(ctx, time.Second)
				seen = append(seen, whoami())
				if err != nil {
					seen = append(seen, err.Error())
				}
			})
			tenant.Set("after")
		}
		wg.Wait(ctx)
		return append(seen, whoami()), nil
	})
	assert.Equal(t, []string{
		"before ada unset", "after ada unset", "before ada first", "after ada second",
		"after ada unset",
	}, seen)
}

// Labels on the goroutine that starts a coroutine take nothing away.
func TestCoroutinesOfLabelledCode(t *testing.T) {
	seen := run(t, environment(t, map[string]string{"tenant": "acme", "user": "ada"}), func(ctx workflow.Context) (seen []string, err error) {
		wg := workflow.NewWaitGroup(ctx)
		wg.Add(1)
		// Like a tracer that sets labels and never takes them back.
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("endpoint", "/orders")))
		workflow.Go(ctx, func(workflow.Context) {
			defer wg.Done()
			seen = append(seen, whoami())
		})
		wg.Wait(ctx)
		return seen, nil
	})
	assert.Equal(t, []string{"acme ada unset"}, seen)
}

func TestActivities(t *testing.T) {
	seen := run(t, environment(t, map[string]string{"tenant": "acme", "user": "ada"}), func(ctx workflow.Context) ([]string, error) {
		ctx = withActivities(ctx)
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		local.Set("the workflow's")
		var seen []string
		do := func(f workflow.Future) {
			var s string
			if err := f.Get(ctx, &s); err != nil {
				s = err.Error()
			}
			seen = append(seen, s)
		}
		do(workflow.ExecuteActivity(ctx, lookActivity))
		do(workflow.ExecuteLocalActivity(ctx, lookActivity))
		tenant.With("other", func() { do(workflow.ExecuteActivity(ctx, lookActivity)) })
		tenant.With("two\nlines", func() {
			do(workflow.ExecuteActivity(ctx, lookActivity))
			do(workflow.ExecuteLocalActivity(ctx, lookActivity))
		})
		return append(seen, whoami()), nil
	})
	const unsendable = "failed propagating header: ctxtemporal: tenant as tenant: value has characters that this protocol can't carry as they are: encode it, with Func"
	assert.Equal(t, []string{"acme ada unset", "acme ada unset", "other ada unset", unsendable, unsendable, "acme ada the workflow's"}, seen)
}

func child(workflow.Context) ([]string, error) {
	seen := whoami()
	tenant.Set("left by the child")
	return []string{seen}, nil
}

func TestChildWorkflows(t *testing.T) {
	env := environment(t, map[string]string{"tenant": "acme", "user": "ada"})
	env.RegisterWorkflow(child)
	seen := run(t, env, func(ctx workflow.Context) (seen []string, err error) {
		local.Set("the parent's")
		tenant.With("other", func() { err = workflow.ExecuteChildWorkflow(ctx, child).Get(ctx, &seen) })
		return append(seen, whoami()), err
	})
	assert.Equal(t, []string{"other ada unset", "acme ada the parent's"}, seen)
}

func TestContinueAsNew(t *testing.T) {
	env := environment(t, map[string]string{"tenant": "acme", "user": "ada"})
	asWorker(func() {
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			tenant.Set("from now on")
			return workflow.NewContinueAsNewError(ctx, child)
		})
	})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	sent := texts(t, again.Header)
	assert.NotEmpty(t, sent["X-Request-Id"])
	delete(sent, "X-Request-Id")
	assert.Equal(t, map[string]string{"tenant": "from now on", "user": "ada"}, sent)
}

// Handlers begin with the variables of the code that has set them. They are other work,
// so they have no identity of the workflow's.
func TestHandlers(t *testing.T) {
	var seen []string
	handler := func() (string, error) {
		seen = append(seen, whoami())
		local.Set("left by a handler")
		return "", nil
	}
	env := environment(t, map[string]string{"tenant": "acme", "user": "ada"})
	env.RegisterDelayedCallback(func() {
		asWorker(func() {
			_, err := env.QueryWorkflow("look")
			assert.NoError(t, err)
			env.SignalWorkflow("go on", nil)
			env.UpdateWorkflowNoRejection("look", "u1", t)
		})
	}, time.Second)
	got := run(t, env, func(ctx workflow.Context) ([]string, error) {
		tenant.With("the handler's", func() {
			assert.NoError(t, workflow.SetQueryHandler(ctx, "look", handler))
			assert.NoError(t, workflow.SetUpdateHandlerWithOptions(ctx, "look", func(workflow.Context) (string, error) { return handler() }, workflow.UpdateHandlerOptions{
				Validator: func(workflow.Context) error { _, err := handler(); return err },
			}))
		})
		workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
		return []string{whoami()}, workflow.Sleep(ctx, time.Second)
	})
	assert.Equal(t, []string{"acme ada unset"}, got)
	assert.Equal(t, []string{"the handler's nobody unset", "the handler's nobody unset", "the handler's nobody unset"}, seen)
}

// A side effect leaves nothing in the variables, because it is not executed in a
// replay.
func TestSideEffects(t *testing.T) {
	effect := func(workflow.Context) any {
		seen := whoami()
		tenant.Set("left by a side effect")
		return seen
	}
	same := func(a, b any) bool { return a == b }
	got := run(t, environment(t, map[string]string{"tenant": "acme", "user": "ada"}), func(ctx workflow.Context) (seen []string, err error) {
		for _, value := range []interface{ Get(any) error }{
			workflow.SideEffect(ctx, effect),
			workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{}, effect),
			workflow.MutableSideEffect(ctx, "a", effect, same),
			workflow.MutableSideEffectWithOptions(ctx, "b", workflow.MutableSideEffectOptions{}, effect, same),
		} {
			var s string
			if err := value.Get(&s); err != nil {
				return nil, err
			}
			seen = append(seen, s)
		}
		return append(seen, whoami()), nil
	})
	for _, s := range got {
		assert.Equal(t, "acme ada unset", s)
	}
	assert.Len(t, got, 5)
}

// The propagator alone would send the worker's variables.
func TestPropagatorAlone(t *testing.T) {
	env := environment(t, nil)
	env.SetWorkerOptions(worker.Options{Interceptors: interceptors()[:0]})
	asWorker(func() {
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			return workflow.ExecuteActivity(withActivities(ctx), lookActivity).Get(ctx, nil)
		})
	})
	assert.ErrorContains(t, env.GetWorkflowError(), ctxtemporal.ErrNoInterceptor.Error())
}

// The ctx that a worker gives to all its activities must not count either.
func TestBackgroundActivityContext(t *testing.T) {
	env := environment(t, map[string]string{"tenant": "acme"})
	var options worker.Options
	asWorker(func() {
		options = worker.Options{Interceptors: interceptors(fields...), BackgroundActivityContext: ctxvar.NewContext(t.Context())}
	})
	env.SetWorkerOptions(options)
	seen := run(t, env, func(ctx workflow.Context) ([]string, error) {
		var s string
		err := workflow.ExecuteActivity(withActivities(ctx), lookActivity).Get(ctx, &s)
		return []string{s}, err
	})
	assert.Equal(t, []string{"acme nobody unset"}, seen)
}
