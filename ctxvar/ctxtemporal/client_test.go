package ctxtemporal_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxtemporal"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// A frontend is a server that keeps the headers of the requests that it gets, and can
// do almost nothing.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	mu      sync.Mutex
	headers []*commonpb.Header
}

func (*frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (*frontend) DescribeSchedule(context.Context, *workflowservice.DescribeScheduleRequest) (*workflowservice.DescribeScheduleResponse, error) {
	return &workflowservice.DescribeScheduleResponse{Info: &schedulepb.ScheduleInfo{}, Schedule: &schedulepb.Schedule{
		Spec: &schedulepb.ScheduleSpec{}, Policies: &schedulepb.SchedulePolicies{}, State: &schedulepb.ScheduleState{},
		Action: &schedulepb.ScheduleAction{Action: &schedulepb.ScheduleAction_StartWorkflow{StartWorkflow: &workflowpb.NewWorkflowExecutionInfo{
			WorkflowType: &commonpb.WorkflowType{Name: "wf"}, TaskQueue: &taskqueuepb.TaskQueue{Name: "q"},
		}}},
	}}, nil
}

func (f *frontend) keep(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	f.collect(req.(proto.Message).ProtoReflect())
	f.mu.Unlock()
	return handler(ctx, req)
}

// collect keeps the headers in a message.
func (f *frontend) collect(m protoreflect.Message) {
	if h, ok := m.Interface().(*commonpb.Header); ok {
		f.headers = append(f.headers, h)
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil || field.IsMap():
		case field.IsList():
			for i := range value.List().Len() {
				f.collect(value.List().Get(i).Message())
			}
		default:
			f.collect(value.Message())
		}
		return true
	})
}

func (f *frontend) take() []*commonpb.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	headers := f.headers
	f.headers = nil
	return headers
}

// connect returns a client of a frontend.
func connect(t *testing.T, fields ...ctxwire.Field) (client.Client, *frontend) {
	f := &frontend{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(f.keep))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-ended })
	c, err := client.NewLazyClient(ctxtemporal.Options(client.Options{HostPort: listener.Addr().String(), Logger: quiet{}}, fields...))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, f
}

func TestClientSends(t *testing.T) {
	c, server := connect(t, fields...)
	schedule := &client.ScheduleWorkflowAction{ID: "w", Workflow: "wf", TaskQueue: "q"}
	start := client.StartWorkflowOptions{ID: "w", TaskQueue: "q"}
	for _, tt := range []struct {
		call    string
		do      func(ctx context.Context) error
		headers int
	}{
		{"ExecuteWorkflow", func(ctx context.Context) error {
			_, err := c.ExecuteWorkflow(ctx, start, "wf")
			return err
		}, 1},
		{"SignalWorkflow", func(ctx context.Context) error { return c.SignalWorkflow(ctx, "w", "", "s", nil) }, 1},
		{"SignalWithStartWorkflow", func(ctx context.Context) error {
			_, err := c.SignalWithStartWorkflow(ctx, "w", "s", nil, start, "wf")
			return err
		}, 1},
		{"QueryWorkflow", func(ctx context.Context) error {
			_, err := c.QueryWorkflow(ctx, "w", "", "look")
			return err
		}, 1},
		{"UpdateWorkflow", func(ctx context.Context) error {
			_, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: "w", UpdateName: "u", WaitForStage: client.WorkflowUpdateStageCompleted})
			return err
		}, 1},
		{"UpdateWithStartWorkflow", func(ctx context.Context) error {
			started := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{ID: "w", TaskQueue: "q", WorkflowIDConflictPolicy: 1}, "wf")
			_, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
				StartWorkflowOperation: started,
				UpdateOptions:          client.UpdateWorkflowOptions{WorkflowID: "w", UpdateName: "u", WaitForStage: client.WorkflowUpdateStageCompleted},
			})
			return err
		}, 2},
		{"ExecuteActivity", func(ctx context.Context) error {
			_, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: "a", TaskQueue: "q", StartToCloseTimeout: 1e9}, "act")
			return err
		}, 1},
		{"Create", func(ctx context.Context) error {
			_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: "s", Action: schedule})
			return err
		}, 1},
		{"Update", func(ctx context.Context) error {
			return c.ScheduleClient().GetHandle(ctx, "s").Update(ctx, client.ScheduleUpdateOptions{
				DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
					return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
				},
			})
		}, 1},
	} {
		t.Run(tt.call, func(t *testing.T) {
			sends := func(want map[string]string, ctx context.Context) {
				t.Helper()
				assert.ErrorContains(t, tt.do(ctx), "not implemented")
				headers := server.take()
				require.Len(t, headers, tt.headers)
				for _, h := range headers {
					assert.Equal(t, want, texts(t, h))
				}
			}
			sends(map[string]string{}, t.Context())
			ctxvar.Work(func() {
				requestID.Set("r1")
				tenant.Set("acme")
				user.Set("ada")
				local.Set("is not sent")
				sends(map[string]string{"X-Request-Id": "r1", "tenant": "acme", "user": "ada"}, t.Context())

				// A worker of a pool makes calls in the name of the ctx that it has.
				ctx := ctxvar.NewContext(t.Context())
				done := make(chan struct{})
				ctxvar.Detach(func() {
					go func() {
						defer close(done)
						ctxvar.Work(func() {
							tenant.Set("another request's")
							sends(map[string]string{"X-Request-Id": "r1", "tenant": "acme", "user": "ada"}, ctx)
						})
					}()
				})
				<-done

				tenant.Set("two\nlines")
				var unsendable *ctxwire.FieldError
				require.ErrorAs(t, tt.do(t.Context()), &unsendable)
				assert.Equal(t, "tenant", unsendable.Var)
				assert.Empty(t, server.take(), "nothing was sent")
			})
		})
	}
}

func TestKeys(t *testing.T) {
	for _, key := range []string{"__temporal_x", "_tracer-data"} {
		field := ctxwire.String(tenant, key)
		assert.Panics(t, func() { ctxtemporal.NewPropagator(field) }, key)
		assert.Panics(t, func() { ctxtemporal.NewInterceptor(field) }, key)
		assert.Panics(t, func() { ctxtemporal.Options(client.Options{}, field) }, key)
	}
	assert.Panics(t, func() { ctxtemporal.NewPropagator(ctxwire.String(tenant, "x"), ctxwire.String(local, "x")) })
}
