package task

import "fmt"

// State is the state of a task or a [Group].
type State uint32

// The states of a task. The last five are final: every started task reaches
// exactly one of them and stays in it.
const (
	Running   State = iota // the task was started, and has not ended
	Waiting                // its function waits in this package: in Await, in Sleep, at the end of a Group
	Queued                 // it waits for a place in a Group with a Limit, and has not run yet
	Succeeded              // its function returned without an error
	Failed                 // its function returned an error, or was not run
	Canceled               // it was cancelled, and its function returned because of that
	Panicked               // its function panicked
	Goexited               // its function called runtime.Goexit
)

var stateNames = [...]string{"running", "waiting", "queued", "succeeded", "failed", "canceled", "panicked", "goexited"}

// Final reports whether s is a state that a task never leaves.
func (s State) Final() bool { return s >= Succeeded }

// String returns the name of the state, in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint32(s))
}

// MarshalText returns the name of the state, which is also its JSON form.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to the state that has the given name.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("task: no state is called %q", text)
}
