package remotetemporal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

// Serve implements remote.Engine. Each function has its own worker of the SDK, since
// places belong to a function.
func (e *Engine) Serve(ctx context.Context, funcs []string, concurrency int, handle remote.Handler) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var workers []worker.Worker
	stop := func() {
		var stopping sync.WaitGroup
		for _, w := range workers {
			stopping.Go(w.Stop) // returns when its jobs have ended
		}
		stopping.Wait()
	}
	for _, fn := range funcs {
		w := worker.New(e.client, e.prefix+fn, worker.Options{
			Identity:                           e.worker,
			DisableWorkflowWorker:              true,
			MaxConcurrentActivityExecutionSize: concurrency,
			MaxConcurrentActivityTaskPollers:   min(concurrency, 4),
			WorkerStopTimeout:                  forever,
			OnFatalError:                       func(err error) { fail(fatal{fmt.Errorf("remotetemporal: serving %s: %w", fn, err)}) },
		})
		w.RegisterActivityWithOptions(func(ctx context.Context, header map[string]string, arg converter.RawValue) (converter.RawValue, error) {
			return e.run(ctx, header, arg, handle)
		}, activity.RegisterOptions{Name: fn})
		if err := w.Start(); err != nil {
			stop()
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("remotetemporal: serving %s: %w", fn, err)
		}
		workers = append(workers, w)
	}
	<-ctx.Done()
	stop()
	var failed fatal
	if errors.As(context.Cause(ctx), &failed) {
		return failed.error
	}
	return nil
}

// fatal is the reason why a worker of the SDK can't go on.
type fatal struct{ error }

// run runs one attempt at a job. It returns the outcome without an error even if the
// function failed, because Temporal would repeat the job after an error.
func (e *Engine) run(ctx context.Context, header ctxwire.Map, arg converter.RawValue, handle remote.Handler) (none converter.RawValue, err error) {
	info := activity.GetInfo(ctx)
	// Both times are the server's, so the clocks need not agree.
	sent := time.Now().Add(-max(info.StartedTime.Sub(info.ScheduledTime), 0))
	job, err := remote.DecodeJob(header, arg.Payload().GetData(), sent)
	if err == nil && (job.Func != info.ActivityType.Name || job.ID != info.ActivityID) {
		err = fmt.Errorf("%w: it says that it is another job", remote.ErrMalformed)
	}
	if err != nil {
		return none, temporal.NewNonRetryableApplicationError(err.Error(), "Malformed", err)
	}

	// The job gets nothing of ctx: neither the worker's values nor its cancellation.
	jobCtx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	a := &attempt{engine: e, info: info, lease: job.Lease, cancel: cancel, caller: header[callerKey], sent: sent}
	e.callers.join(a.caller)
	defer e.callers.leave(a.caller)
	beating, stop := context.WithCancel(context.Background())
	var keeper sync.WaitGroup
	keeper.Go(func() { a.keep(beating) })
	var outcome *remote.Outcome
	if a.hasCaller(jobCtx) {
		outcome = handle(jobCtx, &remote.Attempt{
			Job: job, Delivery: int(info.Attempt), Worker: e.worker, Report: a.report,
		})
	} else {
		outcome = &remote.Outcome{Worker: e.worker, Delivery: int(info.Attempt), Failure: remote.NewFailure(context.Cause(jobCtx))}
		outcome.Failure.Canceled = true
	}
	stop()
	keeper.Wait()
	if errors.Is(context.Cause(jobCtx), remote.ErrLeaseLost) {
		// Another worker has the job, and must give its outcome.
		return none, activity.ErrResultPending
	}
	return encodeOutcome(outcome, a.reported()), nil
}

// An attempt is a job that this worker has.
type attempt struct {
	engine *Engine
	info   activity.Info
	lease  time.Duration
	cancel context.CancelCauseFunc
	caller string    // its presence; "" if the job names none
	sent   time.Time // when the job was stored

	mu      sync.Mutex
	reports [][]byte
	size    int
}

// report keeps p for the next heartbeat and for the outcome.
func (a *attempt) report(p []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	const overhead = 16                                       // of JSON
	if a.size += len(p) + overhead; a.size > maxReports*3/4 { // base64 takes 4 bytes for 3
		return fmt.Errorf("the reports of the job are %w", remote.ErrTooLarge)
	}
	a.reports = append(a.reports, append([]byte(nil), p...))
	return nil
}

func (a *attempt) reported() [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reports[:len(a.reports):len(a.reports)]
}

// hasToBeLookedFor reports whether the caller should have a presence. The caller of a
// young job may not have started one yet.
func (a *attempt) hasToBeLookedFor() bool {
	return a.caller != "" && time.Since(a.sent) > attendance(a.lease)
}

// missed returns how many times in a row the caller was looked for in vain.
func (a *attempt) missed(ctx context.Context) int {
	if !a.hasToBeLookedFor() {
		return 0
	}
	return a.engine.callers.missed(ctx, a.caller, a.lease)
}

// hasCaller reports, before the job runs, whether its caller is there. If it is not,
// the job's ctx has ended. hasCaller blocks until the answer is certain.
func (a *attempt) hasCaller(ctx context.Context) bool {
	for a.missed(ctx) > 0 {
		select {
		case <-time.After(attendance(a.lease) / 3):
		case <-ctx.Done(): // keep, which looks for the caller as well, has cancelled the job
			return false
		}
	}
	return true
}

// keep gives signs of life until ctx ends. It cancels the job when it learns that the
// caller did so, when the caller is gone, or when no sign has reached the server for
// the length of the lease.
//
// It does not use the SDK's own heartbeats, which don't report a failure and are held
// back for most of the lease.
func (a *attempt) keep(ctx context.Context) {
	interval := min(a.engine.heartbeat, a.lease/3)
	tick := time.NewTicker(max(interval, time.Millisecond))
	defer tick.Stop()
	kept, cancelled := time.Now(), false
	// This has a goroutine of its own, because a late answer must not hold up a sign of
	// life.
	var look sync.WaitGroup
	var looking atomic.Bool
	defer look.Wait()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		err := a.beat(ctx)
		var requested *temporal.CanceledError
		var gone *serviceerror.NotFound
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &requested):
			kept = now
			if !cancelled {
				var cause error
				if cause, cancelled = a.cause(ctx); cancelled {
					a.cancel(cause)
				}
			}
		case err == nil, errors.Is(err, activity.ErrActivityPaused), errors.Is(err, activity.ErrActivityReset):
			kept = now
		case errors.As(err, &gone), time.Since(kept) > a.lease:
			a.cancel(remote.ErrLeaseLost)
			return
		}
		if a.hasToBeLookedFor() && looking.CompareAndSwap(false, true) {
			look.Go(func() {
				defer looking.Store(false)
				if a.missed(ctx) >= missing {
					a.cancel(remote.ErrCallerGone)
				}
			})
		}
	}
}

func (a *attempt) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(a.lease/3, 10*time.Millisecond))
	defer cancel()
	return a.engine.client.RecordActivityHeartbeat(ctx, a.info.TaskToken, sign{int(a.info.Attempt), a.reported()})
}

// cause returns why the job was cancelled, and whether that is known.
func (a *attempt) cause(ctx context.Context) (error, bool) {
	ctx, cancel := context.WithTimeout(ctx, max(a.lease/3, 10*time.Millisecond))
	defer cancel()
	handle := a.engine.client.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: a.info.ActivityID, RunID: a.info.ActivityRunID})
	description, err := handle.Describe(ctx, client.DescribeActivityOptions{})
	if err != nil {
		return nil, false
	}
	failure, err := remote.DecodeFailure([]byte(description.CanceledReason))
	if err != nil { // an engine did not cancel it
		return fmt.Errorf("%w: %s", context.Canceled, description.CanceledReason), true
	}
	return failure.Err(), true
}
