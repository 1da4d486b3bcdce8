package jobs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Job is a command to run, or a group of jobs: an entry of a job file.
type Job struct {
	// Name is what others need it by, and what it is called in output and logs.
	// A job without one is called by its command.
	Name string `json:"name" toml:"name"`

	// Command is a shell command. A group has Jobs instead.
	Command string `json:"command" toml:"command"`

	// Env holds variables to set, for the job and for all below it.
	Env map[string]string `json:"env" toml:"env"`

	// Unset names variables that the job is not to have, nor those below it.
	Unset []string `json:"unset" toml:"unset"`

	// Dir is the directory to run in; a relative one starts from the parent's.
	Dir string `json:"dir" toml:"dir"`

	// Timeout bounds each attempt. Like Retries, it is inherited by the jobs of a
	// group, and nil leaves what is inherited.
	Timeout *Duration `json:"timeout" toml:"timeout"`

	// Retries is how often a command that fails is run again.
	Retries *int `json:"retries" toml:"retries"`

	// Needs names the jobs that must have succeeded before this one is started.
	Needs []string `json:"needs" toml:"needs"`

	// Jobs are the jobs of a group.
	Jobs []*Job `json:"jobs" toml:"jobs"`

	// Tag is what the output is marked with, if that is not the name.
	Tag string `json:"-" toml:"-"`

	// Values are those that Command was made of, if it was.
	Values []string `json:"-" toml:"-"`

	// Template is the name of what another machine makes the command of, and of
	// Values. Command is then for people.
	Template string `json:"-" toml:"-"`

	// Stdin is what the command reads, if that is not the run's to decide.
	Stdin []byte `json:"-" toml:"-"`
}

// A Duration is written as in Go: "90s", "1h30m". It is no number, so that a number
// without a unit is not taken for one of nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText parses a duration, which must not be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration; write it as \"90s\" or \"1h30m\"", text)
	}
	if v < 0 {
		return fmt.Errorf("duration %q is negative", text)
	}
	d.Duration = v
	return nil
}

// check returns what is wrong with the job by itself, whatever is around it.
func (j *Job) check() error {
	switch {
	case strings.TrimSpace(j.Command) == "" && len(j.Jobs) == 0:
		return errors.New("no command")
	case j.Command != "" && len(j.Jobs) > 0:
		return errors.New("both a command and jobs; a group has jobs only")
	case j.Retries != nil && *j.Retries < 0:
		return fmt.Errorf("retries is %d; it cannot be negative", *j.Retries)
	}
	for _, text := range []string{j.Name, j.Command, j.Dir} {
		if strings.IndexByte(text, 0) >= 0 {
			return fmt.Errorf("%q holds a NUL, which no command can", text)
		}
	}
	for _, name := range j.Unset {
		if !validVariable(name) {
			return fmt.Errorf("unset has a variable %q, a name that no environment can hold", name)
		}
		if _, ok := j.Env[name]; ok {
			return fmt.Errorf("variable %s is both set and unset", name)
		}
	}
	for name, value := range j.Env {
		if strings.IndexByte(value, 0) >= 0 {
			return fmt.Errorf("variable %s holds a NUL, which no environment can", name)
		}
		if !validVariable(name) {
			return fmt.Errorf("env has a variable %q, a name that no environment can hold", name)
		}
	}
	return nil
}

func validVariable(name string) bool {
	for i := range len(name) {
		if name[i] == '=' || name[i] == 0 {
			return false
		}
	}
	return name != ""
}
