package ctxtemporal_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxtemporal"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
	user      = ctxvar.New("user", ctxvar.Default("nobody"), ctxvar.Identity[string]())
	local     = ctxvar.New("local", ctxvar.Default("unset")) // is not sent
)

var fields = []ctxwire.Field{
	ctxwire.RequestID(requestID),
	ctxwire.String(tenant, "tenant"),
	ctxwire.String(user, "user"),
}

// whoami reads variables as a library would, with no parameter.
func whoami() string { return tenant.Get() + " " + user.Get() + " " + local.Get() }

// asWorker calls fn with variables that no workflow and no activity may see.
func asWorker(fn func()) {
	ctxvar.Work(func() {
		for _, v := range []*ctxvar.Var[string]{requestID, tenant, user, local} {
			v.Set("the worker's")
		}
		fn()
	})
}

// quiet is a logger that logs nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var _ log.Logger = quiet{}

// headerOf returns a header with the texts.
func headerOf(t *testing.T, texts map[string]string) *commonpb.Header {
	h := &commonpb.Header{Fields: map[string]*commonpb.Payload{}}
	for key, text := range texts {
		payload, err := converter.GetDefaultDataConverter().ToPayload(text)
		assert.NoError(t, err)
		h.Fields[key] = payload
	}
	return h
}

// texts is the reverse of headerOf.
func texts(t *testing.T, h *commonpb.Header) map[string]string {
	found := map[string]string{}
	for key, payload := range h.GetFields() {
		var text string
		assert.NoError(t, converter.GetDefaultDataConverter().FromPayload(payload, &text))
		found[key] = text
	}
	return found
}

// environment returns an environment for a workflow that is started with the texts in
// its header.
func environment(t *testing.T, header map[string]string) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	suite.SetContextPropagators([]workflow.ContextPropagator{ctxtemporal.NewPropagator(fields...)})
	suite.SetHeader(headerOf(t, header))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{ctxtemporal.NewInterceptor(fields...)}})
	env.RegisterActivity(lookActivity)
	return env
}

func lookActivity(ctx context.Context) (string, error) {
	seen := whoami()
	carried, _ := ctxvar.FromContext(ctx)
	if !carried.Equal(ctxvar.Copy()) {
		seen += ", and ctx carries others"
	}
	tenant.Set("left by an activity")
	local.Set("left by an activity")
	return seen, nil
}

func interceptors(fields ...ctxwire.Field) []interceptor.WorkerInterceptor {
	return []interceptor.WorkerInterceptor{ctxtemporal.NewInterceptor(fields...)}
}
