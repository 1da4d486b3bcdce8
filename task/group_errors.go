package task

import (
	"fmt"
	"strconv"
	"strings"
)

// AbortError is the cause with which a [Group] cancels its tasks when something
// in it has failed. It wraps the failure rather than being the failure itself,
// so that a child that returns the cause of its ctx can be distinguished from
// one that fails in the same way.
type AbortError struct {
	Group string // the name of the Group
	Task  string // the name of the child that failed, or "body"
	Err   error  // the failure
}

// Error returns the name of what failed and the text of Err.
func (e *AbortError) Error() string {
	return fmt.Sprintf("task: group %q was aborted: %q failed: %v", e.Group, e.Task, e.Err)
}

// Unwrap returns Err.
func (e *AbortError) Unwrap() error { return e.Err }

// GroupError is the error of a [Group] in which something failed. It mirrors
// Python's ExceptionGroup. For a supervisor, that is, a Group with
// [FailFast](false), it has only the number of the errors that were reported
// before.
type GroupError struct {
	Group    string // the name given with the Name option
	failures []failure
	omitted  int // how many more were reported
}

// Error returns one line for each error, with the name of the task that failed.
func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString("task: group")
	if e.Group != "" {
		fmt.Fprintf(&b, " %q", e.Group)
	}
	lead := ": "
	if len(e.failures) > 1 {
		fmt.Fprintf(&b, ": %d errors", len(e.failures))
		lead = "\n\t"
	}
	for _, f := range e.failures {
		b.WriteString(lead)
		msg := strings.ReplaceAll(text(f.err), "\n", "\n\t")
		switch name := strconv.Quote(f.name); {
		case f.name == "":
			b.WriteString("body: ")
		case !strings.Contains(msg, name): // many errors name their task themselves
			b.WriteString(name + ": ")
		}
		b.WriteString(msg)
	}
	switch {
	case e.omitted == 0:
	case len(e.failures) == 0:
		fmt.Fprintf(&b, "%s%s reported", lead, reportedBefore(e.omitted))
	default:
		fmt.Fprintf(&b, "\n\tand %s reported", reportedBefore(e.omitted))
	}
	return b.String()
}

func reportedBefore(failures int) string {
	if failures == 1 {
		return "1 failure, which was"
	}
	return fmt.Sprintf("%d failures, which were", failures)
}

// Unwrap returns the errors that the Group kept, in the order in which they
// occurred.
func (e *GroupError) Unwrap() []error {
	errs := make([]error, len(e.failures))
	for i, f := range e.failures {
		errs[i] = f.err
	}
	return errs
}
