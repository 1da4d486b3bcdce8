package jobs

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// An Attempt is one attempt at running a job's command, with all that the command is
// given. An Attempt can be sent to another machine.
type Attempt struct {
	// ID identifies the attempt, also in each run that resumes this one. It is "" if
	// there is no log from which a run could be resumed.
	ID string `json:"-"`

	Job     string `json:"job"` // the job's name
	Number  int    `json:"number"`
	Attempt int    `json:"attempt"` // the number of this attempt at the job, from 1
	Slot    int    `json:"slot"`

	Command string            `json:"command"`
	Env     map[string]string `json:"env,omitempty"`
	Unset   []string          `json:"unset,omitempty"`
	Dir     string            `json:"dir,omitempty"`
	Stdin   []byte            `json:"stdin,omitempty"` // what the command reads, if the run does not decide that

	// Template and Values determine the command on a machine that has templates of its
	// own.
	Template string   `json:"-"`
	Values   []string `json:"-"`

	Timeout time.Duration `json:"timeout,omitempty"` // 0 for none
	Grace   time.Duration `json:"grace"`             // between the signal to end and the kill
}

// An End is how an attempt ended.
type End struct {
	State  State  `json:"state"`
	Exit   int    `json:"exit"` // as in a [Result]
	Signal string `json:"signal,omitempty"`
	Error  string `json:"error,omitempty"`
	Worker string `json:"-"` // the machine that ran it, if not this one

	fatal error // why no other job can run either: the terminal interrupted the command, or none can be started
}

// ownPath reports whether the command has another PATH than this program.
func (a *Attempt) ownPath() bool {
	_, set := a.Env["PATH"]
	return set || slices.Contains(a.Unset, "PATH")
}

// environ returns base with the variables of the attempt.
func (a *Attempt) environ(base []string) []string {
	env := slices.DeleteFunc(slices.Clone(base), func(e string) bool {
		have, _, _ := strings.Cut(e, "=")
		return slices.ContainsFunc(a.Unset, func(name string) bool {
			return have == name || runtime.GOOS == "windows" && strings.EqualFold(have, name)
		})
	})
	for name, value := range a.Env {
		env = append(env, name+"="+value)
	}
	return append(env,
		slotVariable+"="+strconv.Itoa(a.Slot),
		jobName.Name()+"="+a.Job,
		jobNumber.Name()+"="+strconv.Itoa(a.Number),
		jobAttempt.Name()+"="+strconv.Itoa(a.Attempt))
}

// job runs the job's command until it succeeds or has been tried often enough. It is
// the body of the job's task, and runs in a copy of its parent's variables. An error is
// not the job's own, but one of the run.
func (r *run) job(ctx context.Context, n *node, out sink) (*Result, error) {
	r.vars.set(n.Job)
	jobName.Set(n.name)
	jobNumber.Set(n.number)
	jobSlot.Set(n.slot)

	res := r.result(n, Canceled)
	res.Start = time.Now()
	for delay := r.RetryDelay; ; delay = min(2*delay, maxRetryDelay) {
		res.Attempts++
		jobAttempt.Set(res.Attempts)
		res.take(r.attempt(ctx, n, out))
		again := res.State == Failed || res.State == TimedOut
		if !again || res.fatal != nil || res.Attempts > jobRetries.Get() || !r.RetryOn.has(res) {
			break
		}
		if task.Sleep(ctx, delay) != nil {
			res.State = Canceled
			break
		}
	}
	res.Seconds = time.Since(res.Start).Seconds()
	if k, ok := out.(finisher); ok {
		_ = r.patiently(ctx, "results", func() error { return k.finish(res) }) // end tries again
	}
	return res, out.end(res)
}

// A finisher is a sink that records the result of its job.
type finisher interface{ finish(*Result) error }

// attempt runs the job's command once, here or elsewhere, and returns how it ended.
func (r *run) attempt(ctx context.Context, n *node, out sink) *End {
	env, unset := r.vars.settings()
	a := &Attempt{
		Job:      jobName.Get(),
		Number:   jobNumber.Get(),
		Attempt:  jobAttempt.Get(),
		Slot:     jobSlot.Get(),
		Command:  n.Command,
		Env:      env,
		Unset:    unset,
		Dir:      jobDir.Get(),
		Stdin:    n.Stdin,
		Template: n.Template,
		Values:   n.Values,
		Timeout:  jobTimeout.Get(),
		Grace:    r.Grace,
	}
	if r.Elsewhere != nil {
		a.ID = r.Log.attemptID(n, a.Attempt)
		return r.elsewhere(ctx, a, out)
	}
	stdout, stderr := out.files()
	return r.host.Run(ctx, a, r.stdin.of(n), stdout, stderr)
}
