package task

import "errors"

var (
	// ErrGoexit is the error of a task whose function called [runtime.Goexit],
	// as the FailNow and SkipNow methods of a test do, and so never returned.
	ErrGoexit = errors.New("task: the function called runtime.Goexit (as t.FailNow does) and never returned")

	// ErrNilFunc is what starting a nil function panics with.
	ErrNilFunc = errors.New("task: nil function; pass the function the task is to run")
)
