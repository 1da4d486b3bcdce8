package task

import "fmt"

// State tells how far a task, or a [Group], has come.
type State uint32

// The states of a task. The last five are final: every task that is started
// reaches exactly one of them, and stays there.
const (
	Running   State = iota // it was started, and has not ended
	Waiting                // its function waits in this package: in Await, Sleep, at the end of a Group
	Queued                 // it waits for a place in a Group with a Limit, and was not run yet
	Succeeded              // its function returned without an error
	Failed                 // its function returned an error, or was not run
	Canceled               // it was cancelled, and its function returned because of that
	Panicked               // its function panicked
	Goexited               // its function called runtime.Goexit
)

var stateNames = [...]string{"running", "waiting", "queued", "succeeded", "failed", "canceled", "panicked", "goexited"}

// Final reports whether the state is one that a task does not leave.
func (s State) Final() bool { return s >= Succeeded }

// String returns the state's name, in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint32(s))
}

// MarshalText returns the state's name, so that JSON has it too.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("task: no state is called %q", text)
}
