package jobs

import (
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// What a job is told is in context variables. A job starts with a copy of its
// parent's and sets its own in it, so that it inherits all that it does not set,
// and what it sets is seen by the jobs below it and by no other. What its command
// is told is the same, as environment variables.
var (
	jobName    = ctxvar.New[string]("HEIRLOOM_JOB")
	jobNumber  = ctxvar.New[int]("HEIRLOOM_NUMBER")
	jobAttempt = ctxvar.New("HEIRLOOM_ATTEMPT", ctxvar.Default(1))
	jobDir     = ctxvar.New("dir", ctxvar.Default(""))
	jobTimeout = ctxvar.New[time.Duration]("timeout") // unset: none
	jobRetries = ctxvar.New("retries", ctxvar.Default(0))
)

// variables are those that the env tables of a job tree set, one for each name.
type variables map[string]*ctxvar.Var[string]

func (vs variables) declare(j *Job) {
	for name := range j.Env {
		if vs[name] == nil {
			vs[name] = ctxvar.New[string](name)
		}
	}
	for _, child := range j.Jobs {
		vs.declare(child)
	}
}

// set sets what the job's record tells in the running goroutine's context.
func (vs variables) set(j *Job) {
	for name, value := range j.Env {
		vs[name].Set(value)
	}
	if j.Dir != "" {
		dir := j.Dir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(jobDir.Get(), dir)
		}
		jobDir.Set(dir)
	}
	if j.Timeout != nil {
		jobTimeout.Set(time.Duration(*j.Timeout))
	}
	if j.Retries != nil {
		jobRetries.Set(*j.Retries)
	}
}

// environ returns base with the variables of the running goroutine's job.
func (vs variables) environ(base []string) []string {
	env := slices.Grow(slices.Clip(base), len(vs)+3)
	for name, v := range vs {
		if value, ok := v.Lookup(); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env,
		jobName.Name()+"="+jobName.Get(),
		jobNumber.Name()+"="+strconv.Itoa(jobNumber.Get()),
		jobAttempt.Name()+"="+strconv.Itoa(jobAttempt.Get()))
}
