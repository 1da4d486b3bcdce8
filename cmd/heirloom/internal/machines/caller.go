package machines

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

// A Caller makes workers run attempts. Its methods are safe for concurrent use.
type Caller struct {
	hub     *Hub
	nc      *nats.Conn
	engine  *remotenats.Engine
	client  string
	resumes bool
}

// Call opens a hub for a run. run is the run's name, which consists of letters and
// digits, or "" for a run that cannot be resumed. resumes says that an earlier process
// may have begun the run.
func (h *Hub) Call(ctx context.Context, run string, resumes bool) (*Caller, error) {
	if run == "" {
		run, resumes = rand.Text(), false
	}
	c := &Caller{hub: h, client: run, resumes: resumes}
	var err error
	if c.nc, err = h.dial(ctx, "heirloom run"); err != nil {
		return nil, err
	}
	if c.engine, err = h.engine(ctx, c.nc, remotenats.Client(run)); err != nil {
		c.nc.Close()
		return nil, err
	}
	return c, nil
}

// deliveries is how many workers an attempt may lose.
const deliveries = 3

// Run is a [jobs.Elsewhere].
func (c *Caller) Run(ctx context.Context, a *jobs.Attempt, write func(delivery int, s jobs.Stdio, p []byte)) (*jobs.End, int, error) {
	fn, arg, err := c.encode(a)
	if err != nil {
		return nil, 0, err
	}
	do := c.engine.Do
	if c.resumes && a.ID != "" {
		do = c.engine.Resume
	}
	// A worker cancels the commands of a caller that it takes for gone, because the
	// caller could not be reached or was killed. If the caller still wants the attempt,
	// that is not its end: the caller calls it again, under a name that follows from the
	// first.
	for again := 0; ; again++ {
		first := again * (deliveries + 1) // so that each delivery has a number of its own
		job := &remote.Job{
			ID:         rand.Text(),
			Func:       fn,
			Arg:        arg,
			Deliveries: deliveries,
			Lease:      time.Second, // has no effect: the namespace's lease counts
			Grace:      a.Grace + 5*time.Second,
			Progress: func(p remote.Progress) {
				s, data := splitReport(p.Data)
				write(first+p.Delivery, s, data)
			},
		}
		if a.ID != "" {
			job.ID = fmt.Sprintf("%s-%d", a.ID, again)
		}
		outcome, err := do(ctx, job)
		if err != nil {
			return nil, 0, err
		}
		if outcome.Failure != nil {
			return nil, 0, outcome.Failure.Err()
		}
		end := new(jobs.End)
		if err := json.Unmarshal(outcome.Result, end); err != nil {
			return nil, 0, fmt.Errorf("the worker's answer makes no sense: %w", err)
		}
		if end.State == jobs.Canceled && ctx.Err() == nil {
			continue
		}
		end.Worker = outcome.Worker
		return end, first + outcome.Delivery, nil
	}
}

// encode returns the name of the function that runs the attempt, and its argument.
func (c *Caller) encode(a *jobs.Attempt) (fn string, arg []byte, err error) {
	if a.Template == "" {
		arg, err = json.Marshal(commandArg{*a, c.client})
		return shellFunc, arg, err
	}
	arg, err = json.Marshal(templateArg{
		Client: c.client, Job: a.Job, Number: a.Number, Attempt: a.Attempt, Slot: a.Slot,
		Values: a.Values, Timeout: int64(a.Timeout), Grace: int64(a.Grace),
	})
	return templateFunc(a.Template), arg, err
}

// Hurry makes workers kill the commands that they run for this caller.
func (c *Caller) Hurry() {
	_ = c.nc.Publish(c.hub.hurrySubject(c.client), nil)
	_ = c.nc.FlushTimeout(time.Second)
}

// Close ends the connection.
func (c *Caller) Close() {
	_ = c.engine.Close()
	c.nc.Close()
}
