package machines

import (
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/task/remote"
)

// A commandArg is a command for a worker that runs any command.
type commandArg struct {
	jobs.Attempt
	Client string `json:"client"` // the caller's name
}

// A templateArg has the values for a template of the worker's. It has no field with
// which a caller could make the worker run something else: no variable, no directory,
// no input.
type templateArg struct {
	Client  string   `json:"client"`
	Job     string   `json:"job"`
	Number  int      `json:"number"`
	Attempt int      `json:"attempt"`
	Slot    int      `json:"slot"`
	Values  []string `json:"values"`
	Timeout int64    `json:"timeout,omitempty"` // in nanoseconds, like Grace
	Grace   int64    `json:"grace"`
}

func init() {
	// This gives a command the same signal as its caller.
	remote.Type[*jobs.Interrupted]("heirloom.Interrupted")
}

// A worker sends a command's output in reports. Their first byte says to which of the
// two streams they belong.

func report(s jobs.Stdio, p []byte) { remote.Report(append([]byte{byte(s)}, p...)) }

func splitReport(data []byte) (s jobs.Stdio, p []byte) {
	if len(data) == 0 {
		return 0, nil
	}
	return jobs.Stdio(data[0]), data[1:]
}
