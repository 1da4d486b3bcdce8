package jobs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Job is a command to run, or a group of jobs: an entry of a job file.
type Job struct {
	// Name is the name of the job in the Needs of others, in output and in logs. A job
	// without a name is named after its command.
	Name string `json:"name" toml:"name"`

	// Command is a shell command. A group has Jobs instead.
	Command string `json:"command" toml:"command"`

	// Env holds variables to set, for the job and for all jobs below it.
	Env map[string]string `json:"env" toml:"env"`

	// Unset names variables to unset, for the job and for all jobs below it.
	Unset []string `json:"unset" toml:"unset"`

	// Dir is the directory to run in. A relative one starts from the parent's.
	Dir string `json:"dir" toml:"dir"`

	// Timeout limits each attempt. The jobs of a group inherit it, as they inherit
	// Retries. A job with nil keeps what it inherits.
	Timeout *Duration `json:"timeout" toml:"timeout"`

	// Retries is how many times a command that fails is run again.
	Retries *int `json:"retries" toml:"retries"`

	// Needs names the jobs that must have succeeded before this one is started.
	Needs []string `json:"needs" toml:"needs"`

	// Jobs are the jobs of a group.
	Jobs []*Job `json:"jobs" toml:"jobs"`

	// Tag marks the output of the job, in place of its name.
	Tag string `json:"-" toml:"-"`

	// Values are the values from which Command was made, if there were any.
	Values []string `json:"-" toml:"-"`

	// Template is the name of a template on another machine, which makes the command from
	// it and from Values. Command is then only shown to people.
	Template string `json:"-" toml:"-"`

	// Stdin is what the command reads, if the run does not decide that.
	Stdin []byte `json:"-" toml:"-"`
}

// A Duration is written as in Go: "90s", "1h30m". It can't be written as a number,
// because a number without a unit would be read as nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText parses a duration, which must not be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration; write it as \"90s\" or \"1h30m\"", text)
	}
	if v < 0 {
		return fmt.Errorf("duration %q is negative", text)
	}
	d.Duration = v
	return nil
}

// check returns what is wrong with the job itself, regardless of the jobs around it.
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
