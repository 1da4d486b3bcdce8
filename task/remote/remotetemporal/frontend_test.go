package remotetemporal_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A frontend is the part of a server that standalone activities need, in memory,
// because a real server takes long to build. The step `temporal` runs the same tests on
// a real one.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	mu         sync.Mutex
	activities map[string]*execution      // by ID
	queues     map[string]chan *execution // by task queue
}

// An execution is one activity.
type execution struct {
	request   *workflowservice.StartActivityExecutionRequest
	scheduled time.Time
	done      chan struct{}

	attempt   int
	running   bool
	lease     *time.Timer
	deadline  *time.Timer
	details   *commonpb.Payloads
	cancelled bool
	reason    string
	outcome   *activitypb.ActivityExecutionOutcome
}

// start serves a frontend, and returns its address.
func start(t *testing.T) string {
	f := &frontend{activities: map[string]*execution{}, queues: map[string]chan *execution{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		return resp, serviceerror.ToStatus(err).Err()
	}))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-ended })
	return listener.Addr().String()
}

func (*frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (*frontend) DescribeNamespace(_ context.Context, r *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	if r.Namespace != "default" {
		return nil, serviceerror.NewNamespaceNotFound(r.Namespace)
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{Name: "default"}}, nil
}

// queue returns a task queue. f.mu is held.
func (f *frontend) queue(name string) chan *execution {
	q := f.queues[name]
	if q == nil {
		q = make(chan *execution, 10_000)
		f.queues[name] = q
	}
	return q
}

func (f *frontend) StartActivityExecution(_ context.Context, r *workflowservice.StartActivityExecutionRequest) (*workflowservice.StartActivityExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x := f.activities[r.ActivityId]; x != nil {
		again := r.IdReusePolicy == enumspb.ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE
		if x.outcome != nil && !again {
			return nil, serviceerror.NewActivityExecutionAlreadyStarted("it has ended", "", "run")
		}
		if x.outcome == nil {
			return &workflowservice.StartActivityExecutionResponse{RunId: "run"}, nil
		}
	}
	x := &execution{request: r, scheduled: time.Now(), done: make(chan struct{})}
	f.activities[r.ActivityId] = x
	f.queue(r.TaskQueue.Name) <- x
	if within := r.ScheduleToCloseTimeout.AsDuration(); within > 0 {
		x.deadline = time.AfterFunc(within, func() { f.close(x) })
	}
	return &workflowservice.StartActivityExecutionResponse{RunId: "run", Started: true}, nil
}

func (f *frontend) PollActivityTaskQueue(ctx context.Context, r *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	f.mu.Lock()
	q := f.queue(r.TaskQueue.Name)
	f.mu.Unlock()
	for {
		select {
		case x := <-q:
			if task := f.take(x); task != nil {
				return task, nil
			}
		case <-ctx.Done():
			return &workflowservice.PollActivityTaskQueueResponse{}, nil
		}
	}
}

// take gives a worker the next attempt at x, unless x has ended.
func (f *frontend) take(x *execution) *workflowservice.PollActivityTaskQueueResponse {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.outcome != nil {
		return nil
	}
	x.attempt++
	x.running = true
	attempt := x.attempt
	if lease := x.request.HeartbeatTimeout.AsDuration(); lease > 0 {
		x.lease = time.AfterFunc(lease, func() { f.lose(x, attempt) })
	}
	return &workflowservice.PollActivityTaskQueueResponse{
		TaskToken:         []byte(x.request.ActivityId + " " + strconv.Itoa(attempt)),
		WorkflowNamespace: "default", ActivityId: x.request.ActivityId, ActivityRunId: "run",
		ActivityType: x.request.ActivityType, Input: x.request.Input, Header: x.request.Header,
		ScheduledTime: timestamppb.New(x.scheduled), StartedTime: timestamppb.Now(), Attempt: int32(attempt),
		ScheduleToCloseTimeout: x.request.ScheduleToCloseTimeout, StartToCloseTimeout: x.request.StartToCloseTimeout,
		HeartbeatTimeout: x.request.HeartbeatTimeout,
	}
}

// lose ends an attempt that gives no sign of life.
func (f *frontend) lose(x *execution, attempt int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !x.running || x.attempt != attempt:
	case attempt < int(x.request.RetryPolicy.MaximumAttempts):
		x.running = false
		f.queue(x.request.TaskQueue.Name) <- x
	default:
		x.end(&failurepb.Failure{Message: "timeout", FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: enumspb.TIMEOUT_TYPE_HEARTBEAT},
		}})
	}
}

// close ends an activity that has not ended in time.
func (f *frontend) close(x *execution) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.outcome == nil {
		x.end(&failurepb.Failure{Message: "timeout", FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
		}})
	}
}

// end ends x with a failure. The frontend's mu is held.
func (x *execution) end(failure *failurepb.Failure) {
	x.finish(&activitypb.ActivityExecutionOutcome{Value: &activitypb.ActivityExecutionOutcome_Failure{Failure: failure}})
}

func (x *execution) finish(outcome *activitypb.ActivityExecutionOutcome) {
	x.running, x.outcome = false, outcome
	for _, t := range []*time.Timer{x.lease, x.deadline} {
		if t != nil {
			t.Stop()
		}
	}
	close(x.done)
}

// held returns the execution to whose attempt a token belongs. f.mu is held.
func (f *frontend) held(token []byte) (*execution, error) {
	id, attempt, _ := strings.Cut(string(token), " ")
	x := f.activities[id]
	if x == nil || !x.running || strconv.Itoa(x.attempt) != attempt {
		return nil, serviceerror.NewNotFound("no such attempt")
	}
	return x, nil
}

func (f *frontend) RecordActivityTaskHeartbeat(_ context.Context, r *workflowservice.RecordActivityTaskHeartbeatRequest) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, err := f.held(r.TaskToken)
	if err != nil {
		return nil, err
	}
	x.details = r.Details
	x.lease.Reset(x.request.HeartbeatTimeout.AsDuration())
	return &workflowservice.RecordActivityTaskHeartbeatResponse{CancelRequested: x.cancelled}, nil
}

func (f *frontend) RespondActivityTaskCompleted(_ context.Context, r *workflowservice.RespondActivityTaskCompletedRequest) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, err := f.held(r.TaskToken)
	if err != nil {
		return nil, err
	}
	x.finish(&activitypb.ActivityExecutionOutcome{Value: &activitypb.ActivityExecutionOutcome_Result{Result: r.Result}})
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

func (f *frontend) RespondActivityTaskFailed(_ context.Context, r *workflowservice.RespondActivityTaskFailedRequest) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, err := f.held(r.TaskToken)
	if err != nil {
		return nil, err
	}
	x.end(r.Failure)
	return &workflowservice.RespondActivityTaskFailedResponse{}, nil
}

func (f *frontend) RequestCancelActivityExecution(_ context.Context, r *workflowservice.RequestCancelActivityExecutionRequest) (*workflowservice.RequestCancelActivityExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.activities[r.ActivityId]
	if x == nil || x.outcome != nil {
		return nil, serviceerror.NewFailedPrecondition("it is not running")
	}
	x.cancelled, x.reason = true, r.Reason
	if !x.running {
		x.end(&failurepb.Failure{Message: "canceled", FailureInfo: &failurepb.Failure_CanceledFailureInfo{CanceledFailureInfo: &failurepb.CanceledFailureInfo{}}})
	}
	return &workflowservice.RequestCancelActivityExecutionResponse{}, nil
}

func (f *frontend) DescribeActivityExecution(_ context.Context, r *workflowservice.DescribeActivityExecutionRequest) (*workflowservice.DescribeActivityExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.activities[r.ActivityId]
	if x == nil {
		return nil, serviceerror.NewNotFound("no such activity")
	}
	status := enumspb.ACTIVITY_EXECUTION_STATUS_RUNNING
	if x.outcome != nil {
		status = enumspb.ACTIVITY_EXECUTION_STATUS_TIMED_OUT // or another end; no test asks which
	}
	return &workflowservice.DescribeActivityExecutionResponse{
		Info: &activitypb.ActivityExecutionInfo{Status: status, SearchAttributes: &commonpb.SearchAttributes{}, CanceledReason: x.reason, HeartbeatDetails: x.details},
	}, nil
}

func (f *frontend) PollActivityExecution(ctx context.Context, r *workflowservice.PollActivityExecutionRequest) (*workflowservice.PollActivityExecutionResponse, error) {
	f.mu.Lock()
	x := f.activities[r.ActivityId]
	f.mu.Unlock()
	select {
	case <-x.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &workflowservice.PollActivityExecutionResponse{Outcome: x.outcome, RunId: "run"}, nil
}
