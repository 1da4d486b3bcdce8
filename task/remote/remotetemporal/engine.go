package remotetemporal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task/remote"
)

// An Engine is a remote.Engine on standalone activities of Temporal. Its methods are
// safe for concurrent use.
type Engine struct {
	options
	client  client.Client
	caller  string // this engine's name as a caller; random
	callers callers

	mu        sync.Mutex
	places    map[string]chan struct{}    // by function: each has as many places for calls as its Backlog
	presences map[time.Duration]*presence // the presences that are kept, by their lease
}

var _ remote.Engine = (*Engine)(nil)

// New returns an engine over c, in the namespace of c. The engine need not be closed.
// New panics with a [*ctxvar.UsageError] if [Heartbeat] is not positive.
func New(c client.Client, opts ...Option) *Engine {
	e := &Engine{
		options: defaults(), client: c, caller: "caller-" + rand.Text(),
		places: map[string]chan struct{}{}, presences: map[time.Duration]*presence{},
	}
	e.callers = callers{engine: e, known: map[string]*caller{}}
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "remotetemporal.Option", Problem: "nil Option; leave it out"})
		}
		opt.apply(&e.options)
	}
	if e.heartbeat <= 0 {
		panic(&ctxvar.UsageError{Func: "remotetemporal.Heartbeat", Problem: fmt.Sprintf("%v; it must be positive", e.heartbeat)})
	}
	return e
}

// forever is longer than any attempt; Temporal requires a limit.
const forever = 10 * 365 * 24 * time.Hour

// Do implements remote.Engine.
func (e *Engine) Do(ctx context.Context, job *remote.Job) (*remote.Outcome, error) {
	if len(job.Arg) > maxPayload {
		return nil, remote.ErrTooLarge
	}
	places := e.placesOf(job)
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}

	presence, leave := e.attend(job.Lease)
	defer leave()
	c := &call{engine: e, job: job, presence: presence}
	if err := c.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	stop := c.watch(ctx)
	outcome, err := c.await(ctx)
	if ctx.Err() != nil && err != nil {
		outcome, err = c.takeBack(ctx)
	}
	stop()
	if err != nil {
		return nil, err
	}
	c.report(outcome.Delivery, c.reports)
	return outcome, nil
}

func (e *Engine) placesOf(job *remote.Job) chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	places := e.places[job.Func]
	if places == nil {
		n := job.Backlog
		if n <= 0 {
			n = 1 << 20 // any number; elements of size zero take no memory
		}
		places = make(chan struct{}, n)
		e.places[job.Func] = places
	}
	return places
}

// A call is one call of Do.
type call struct {
	engine   *Engine
	job      *remote.Job
	presence string
	handle   client.ActivityHandle
	reports  [][]byte // the reports in the outcome

	mu       sync.Mutex // held while a report is passed on, so that reports arrive in order
	delivery int
	given    int // how many reports of that delivery the caller has got
}

// start stores the job. If ctx ends, start goes on for as long as the job's Grace,
// because a job that may have been stored has to be taken back.
func (c *call) start(ctx context.Context) error {
	starting, stop := graceful(ctx, c.job.Grace)
	defer stop()
	o := client.StartActivityOptions{
		ID:                  c.job.ID,
		TaskQueue:           c.engine.prefix + c.job.Func,
		StartToCloseTimeout: forever,
		HeartbeatTimeout:    c.job.Lease,
		// Temporal repeats a job only when its worker is lost: everything else is an
		// outcome.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: int32(c.job.Deliveries)},
		// A repeated request must not run the job again.
		ActivityIDReusePolicy:    enumspb.ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ActivityIDConflictPolicy: enumspb.ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING,
	}
	return persist(starting, func() (err error) {
		now := time.Now()
		if !c.job.Deadline.IsZero() {
			// This ends a job whose caller is gone.
			o.ScheduleToCloseTimeout = max(c.job.Deadline.Sub(now), 0) + c.job.Grace + c.job.Lease
		}
		header, arg := c.job.Encode(now)
		header[callerKey] = c.presence
		c.handle, err = c.engine.client.ExecuteActivity(starting, o, c.job.Func, map[string]string(header), payload(nil, arg))
		var started *serviceerror.ActivityExecutionAlreadyStarted
		if errors.As(err, &started) {
			c.handle, err = c.engine.client.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: c.job.ID}), nil
		}
		return err
	})
}

// await returns the outcome, or the reason why there is none. It blocks until there is
// an outcome or ctx ends.
func (c *call) await(ctx context.Context) (*remote.Outcome, error) {
	var value converter.RawValue
	err := persist(ctx, func() error { return c.handle.Get(ctx, &value) })
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &timeout):
		return nil, remote.ErrLost
	case err != nil:
		return nil, err
	}
	outcome, reports, err := decodeOutcome(value)
	c.reports = reports
	return outcome, err
}

// takeBack ends a job after its ctx has ended. The server drops a job that no worker
// has. A running job is cancelled, and takeBack waits for its outcome.
func (c *call) takeBack(ctx context.Context) (*remote.Outcome, error) {
	cause := context.Cause(ctx)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), c.job.Grace)
	defer stop()
	// It is also an error if the job has ended in the meantime, and then there is an
	// outcome.
	_ = persist(ctx, func() error {
		return c.handle.Cancel(ctx, client.CancelActivityOptions{Reason: reason(cause)})
	})
	outcome, err := c.await(ctx)
	if err != nil {
		return nil, cause
	}
	return outcome, nil
}

// reason returns a cause in the form that the worker finds in the job's description.
func reason(cause error) string {
	f := remote.NewFailure(cause)
	if text := f.Encode(); len(text) <= maxPayload {
		return string(text)
	}
	f.As = nil
	return string(f.Encode())
}

// watch passes to the caller what the job's heartbeats report, until stop is called.
func (c *call) watch(ctx context.Context) (stop func()) {
	if c.job.Progress == nil || c.engine.live == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(c.engine.heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if s, err := c.sign(ctx); err == nil {
				c.report(s.Delivery, s.Reports)
			}
		}
	})
	return func() { cancel(); watching.Wait() }
}

// includeHeartbeatDetails is the number of the field of that name in a request for a
// description. The releases of the API that have the field need a newer Go.
var includeHeartbeatDetails = protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.VarintType), 1)

// sign returns the content of the last heartbeat.
func (c *call) sign(ctx context.Context) (s sign, err error) {
	request := &workflowservice.DescribeActivityExecutionRequest{Namespace: c.engine.live.Namespace, ActivityId: c.job.ID}
	request.ProtoReflect().SetUnknown(includeHeartbeatDetails)
	description, err := c.engine.client.WorkflowService().DescribeActivityExecution(ctx, request)
	if err != nil {
		return s, err
	}
	err = c.engine.live.DataConverter.FromPayloads(description.GetInfo().GetHeartbeatDetails(), &s)
	return s, err
}

// report passes to the caller the reports of one delivery that are new.
func (c *call) report(delivery int, reports [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job.Progress == nil || delivery < c.delivery {
		return
	}
	if delivery > c.delivery {
		c.delivery, c.given = delivery, 0
	}
	for ; c.given < len(reports); c.given++ {
		c.job.Progress(remote.Progress{Func: c.job.Func, Job: c.job.ID, Delivery: delivery, Data: reports[c.given]})
	}
}

// graceful returns a ctx that ends when grace has passed since the end of ctx.
func graceful(ctx context.Context, grace time.Duration) (context.Context, func()) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var mu sync.Mutex
	var timer *time.Timer
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(grace, cancel)
	})
	return later, func() {
		stop()
		cancel()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
	}
}

// persist calls f until ctx ends or f returns anything other than an error which says
// that the server can't be reached or has no time.
func persist(ctx context.Context, f func() error) error {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := f()
		if err == nil || ctx.Err() != nil {
			return err
		}
		switch serviceerror.ToStatus(err).Code() {
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		default:
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}
