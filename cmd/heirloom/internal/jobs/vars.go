package jobs

import (
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The settings of a job are context variables. A job starts with a copy of its parent's
// variables and sets its own in it. So it inherits everything that it does not set, and
// only the jobs below it see what it sets. The environment variables of its command
// work in the same way.
var (
	jobName    = ctxvar.New[string]("HEIRLOOM_JOB")
	jobNumber  = ctxvar.New[int]("HEIRLOOM_NUMBER")
	jobAttempt = ctxvar.New("HEIRLOOM_ATTEMPT", ctxvar.Default(1))
	jobSlot    = ctxvar.New(slotVariable, ctxvar.Default(1))
	jobDir     = ctxvar.New("dir", ctxvar.Default(""))
	jobTimeout = ctxvar.New[time.Duration]("timeout") // unset: none
	jobRetries = ctxvar.New("retries", ctxvar.Default(0))
)

// variables has one element for each environment variable that the tree of jobs sets or
// unsets.
type variables map[string]*ctxvar.Var[setting]

// A setting is the value of an environment variable, or says that it must not exist.
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

// set sets the context variables of the running goroutine to what the job says.
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

// settings returns the environment variables that the running goroutine's job sets, and
// those that it unsets.
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
