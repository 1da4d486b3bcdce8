package task

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// SignalError is the cause with which [Main] cancels a program that received a
// signal.
type SignalError struct{ Signal os.Signal }

// Error returns the name of the signal.
func (e *SignalError) Error() string {
	return "task: the program was sent the signal " + e.Signal.String()
}

// Grace sets how long a [Main] that received a signal waits for what still
// runs. The default is ten seconds; zero or less means no limit. Grace has no
// effect on anything but Main.
func Grace(d time.Duration) Option {
	return optionFunc(func(o *options) { o.grace, o.hasGrace = d, true })
}

// Main runs main as [Run] does and then ends the program. Call it once, from the
// program's main function. It handles signals as asyncio.run handles Ctrl-C.
//
//	func main() { task.Main(serve) }
//
// SIGINT and SIGTERM cancel main's ctx, with a [*SignalError] as the cause, and
// with it every task started from it. Main then waits until all of them have
// ended. If that takes longer than [Grace], or if a second signal arrives, the
// program ends without further waiting.
//
// The exit code is 0 if main returned nil, even after a signal. It is 1 if main
// returned an error, which Main writes to standard error. If main ended because
// of the signal, and its error says no more than that it was cancelled, nothing
// is written and the code is 128 plus the number of the signal, as in a shell:
// 130 for SIGINT. If the program ended without waiting, the code is 1 and Main
// writes the reason.
//
// Main does not return, so deferred functions of its caller are not run;
// deferred functions of main are.
func Main(main func(ctx context.Context) error, opts ...Option) {
	if main == nil {
		panic(ErrNilFunc)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(runMain(main, opts, signals, os.Stderr))
}

// defaultGrace is shorter than the time between SIGTERM and SIGKILL with most
// supervisors, which is usually 30 s.
const defaultGrace = 10 * time.Second

// runMain is Main up to the exit, whose code it returns.
func runMain(main func(ctx context.Context) error, opts []Option, signals <-chan os.Signal, stderr io.Writer) int {
	grace := defaultGrace
	if o := collect(opts); o != nil && o.hasGrace {
		grace = o.grace
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	result := make(chan error, 1)
	go func() {
		_, err := Run(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, main(ctx) }, opts...)
		result <- err
	}()
	var sent *SignalError
	var late <-chan time.Time
	code := make(chan int, 1)
	for {
		select {
		case err := <-result:
			// The methods of err are its author's: they may call Goexit, or take so long
			// that a signal has to end the program.
			go func(sent *SignalError) {
				exit := 1
				defer func() { code <- exit }()
				exit = exitCode(err, sent, stderr)
			}(sent)
		case code := <-code:
			return code
		case s := <-signals:
			if sent != nil {
				fmt.Fprintf(stderr, "%v, again; tasks that still run are left\n", &SignalError{s})
				return 1
			}
			sent = &SignalError{s}
			cancel(sent)
			if grace > 0 {
				timer := time.NewTimer(grace)
				defer timer.Stop()
				late = timer.C
			}
		case <-late:
			fmt.Fprintf(stderr, "%v, and tasks still run after %v; they are left\n", sent, grace)
			return 1
		}
	}
}

// exitCode returns the exit code for the error err of main. It writes err if
// that is more than the response to the signal sent, which may be nil.
func exitCode(err error, sent *SignalError, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case sent != nil && isAnswer(err, sent):
		if s, ok := sent.Signal.(syscall.Signal); ok {
			return 128 + int(s)
		}
		return 1
	}
	fmt.Fprintln(stderr, err)
	var p *PanicError
	call(func() { // the methods of err are its author's
		verdict.Find(err, func(e error) bool {
			found, ok := e.(*PanicError)
			if ok {
				p = found
			}
			return ok
		})
	}, func(error) {})
	if p != nil {
		fmt.Fprintf(stderr, "\n%s", p.Stack)
	}
	return 1
}

// isAnswer reports whether err says no more than that sent cancelled the
// program.
func isAnswer(err error, sent *SignalError) (answer bool) {
	call(func() { answer = verdict.Cancelled(err, context.Canceled, sent) }, func(error) {})
	return answer
}
