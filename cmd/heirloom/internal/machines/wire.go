package machines

import (
	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
	"github.com/heirloom-go/heirloom/task/remote"
)

// A commandArg is a command on its way to a worker that runs any.
type commandArg struct {
	jobs.Attempt
	Client string `json:"client"` // the caller's name
}

// A templateArg is what is put into a template that the worker keeps. There is
// nothing in it with which a caller could make the worker run something else:
// no variable, no directory, no input.
type templateArg struct {
	Client  string   `json:"client"`
	Job     string   `json:"job"`
	Number  int      `json:"number"`
	Attempt int      `json:"attempt"`
	Slot    int      `json:"slot"`
	Values  []string `json:"values"`
	Timeout int64    `json:"timeout,omitempty"` // nanoseconds, as Grace
	Grace   int64    `json:"grace"`
}

func init() {
	// With this, a command gets the same signal as the caller.
	remote.Type[*jobs.Interrupted]("heirloom.Interrupted")
}

// What a worker writes of a command's output is in reports, whose first byte says
// which of the two streams it is of.

func report(s jobs.Stdio, p []byte) { remote.Report(append([]byte{byte(s)}, p...)) }

func splitReport(data []byte) (s jobs.Stdio, p []byte) {
	if len(data) == 0 {
		return 0, nil
	}
	return jobs.Stdio(data[0]), data[1:]
}
