package jobs

import (
	"maps"
	"path/filepath"
	"slices"
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
	jobSlot    = ctxvar.New(slotVariable, ctxvar.Default(1))
	jobDir     = ctxvar.New("dir", ctxvar.Default(""))
	jobTimeout = ctxvar.New[time.Duration]("timeout") // unset: none
	jobRetries = ctxvar.New("retries", ctxvar.Default(0))
)

// variables are those that the env tables of a job tree set, and those that it
// unsets, one for each name.
type variables map[string]*ctxvar.Var[setting]

// A setting is what a variable is set to, or that it is not to be there.
type setting struct {
	value string
	unset bool
}

func (vs variables) declare(j *Job) {
	for _, name := range slices.AppendSeq(slices.Clone(j.Unset), maps.Keys(j.Env)) {
		if vs[name] == nil {
			vs[name] = ctxvar.New[setting](name)
		}
	}
	for _, child := range j.Jobs {
		vs.declare(child)
	}
}

// set sets what the job's record tells in the running goroutine's context.
func (vs variables) set(j *Job) {
	for _, name := range j.Unset {
		vs[name].Set(setting{unset: true})
	}
	for name, value := range j.Env {
		vs[name].Set(setting{value: value})
	}
	if j.Dir != "" {
		dir := j.Dir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(jobDir.Get(), dir)
		}
		jobDir.Set(dir)
	}
	if j.Timeout != nil {
		jobTimeout.Set(j.Timeout.Duration)
	}
	if j.Retries != nil {
		jobRetries.Set(*j.Retries)
	}
}

// settings returns what the running goroutine's job sets, and what it unsets.
func (vs variables) settings() (env map[string]string, unset []string) {
	env = make(map[string]string, len(vs))
	for name, v := range vs {
		switch s, ok := v.Lookup(); {
		case ok && s.unset:
			unset = append(unset, name)
		case ok:
			env[name] = s.value
		}
	}
	return env, unset
}
