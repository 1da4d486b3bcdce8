package jobs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Processes are the commands that run at the moment. Its methods are safe for
// concurrent use. The zero Processes is empty and ready to use.
type Processes struct {
	// starting is held for reading while a command is started. Code that needs a moment
	// in which no command is being started holds it for writing: Suspend must not miss a
	// command, and a process that ends must be in running before Stops or Reap looks for
	// its owner.
	starting sync.RWMutex

	mu        sync.Mutex
	running   map[*process]bool
	suspended time.Time     // the beginning of the suspension; zero if there is none
	idle      time.Duration // the total length of earlier suspensions
}

// start starts the command of an attempt. While commands are suspended, it waits.
func (ps *Processes) start(cmd *exec.Cmd, a *Attempt, shared bool) (*process, error) {
	ps.starting.RLock()
	defer ps.starting.RUnlock()
	p, err := start(cmd, shared)
	if err != nil {
		return nil, err
	}
	p.name, p.number = a.Job, a.Number
	ps.add(p)
	return p, nil
}

func (ps *Processes) add(p *process) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.running == nil {
		ps.running = map[*process]bool{}
	}
	ps.running[p] = true
}

func (ps *Processes) remove(p *process) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.running, p)
}

func (ps *Processes) all() []*process {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	list := make([]*process, 0, len(ps.running))
	for p := range ps.running {
		list = append(list, p)
	}
	return list
}

// suspendTime is the time that commands have to stop by themselves. Some of them pass
// the signal on, or restore the terminal first.
const suspendTime = 50 * time.Millisecond

// Suspend stops all commands, and lets none be started before Resume is called. The
// timeouts of commands stand still.
func (ps *Processes) Suspend() {
	ps.starting.Lock() // until Resume
	ps.mu.Lock()
	ps.suspended = time.Now()
	ps.mu.Unlock()
	list := ps.all()
	for _, p := range list {
		p.family.suspend()
	}
	if len(list) > 0 {
		time.Sleep(suspendTime)
	}
	for _, p := range list {
		p.family.stop()
	}
}

// Resume lets the commands that Suspend stopped go on.
func (ps *Processes) Resume() {
	for _, p := range ps.all() {
		p.family.resume()
	}
	ps.mu.Lock()
	ps.idle += time.Since(ps.suspended)
	ps.suspended = time.Time{}
	ps.mu.Unlock()
	ps.starting.Unlock()
}

// stoodStill returns for how long commands have been suspended in total.
func (ps *Processes) stoodStill() time.Duration {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	d := ps.idle
	if !ps.suspended.IsZero() {
		d += time.Since(ps.suspended)
	}
	return d
}

// within is context.WithTimeoutCause, except that time in which commands are suspended
// does not count. On a busy machine the ctx may end late; look ends it if its time is up.
func (ps *Processes) within(ctx context.Context, d time.Duration, cause error) (_ context.Context, look func(), _ context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	began, seen := time.Now(), ps.stoodStill()
	before := seen
	var mu sync.Mutex // the timer may fire before it is assigned
	mu.Lock()
	defer mu.Unlock()
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		mu.Lock()
		defer mu.Unlock()
		if now := ps.stoodStill(); now > seen {
			timer.Reset(now - seen)
			seen = now
			return
		}
		cancel(cause)
	})
	look = func() {
		if time.Since(began)-(ps.stoodStill()-before) >= d {
			cancel(cause)
		}
	}
	return ctx, look, func() {
		timer.Stop()
		cancel(nil)
	}
}

// A Stop describes a command that something has stopped.
type Stop struct {
	Number   int // of the job
	Name     string
	Family   int // the process group to continue
	Signal   os.Signal
	Terminal bool // because it wanted the terminal
}

func (s Stop) String() string {
	if s.Terminal {
		return fmt.Sprintf("job %d (%s) is stopped: it wants the terminal, which --tty gives to one job at a time", s.Number, s.Name)
	}
	return fmt.Sprintf("job %d (%s) is stopped by %s; kill -CONT -%d lets it go on", s.Number, s.Name, signalName(s.Signal), s.Family)
}

// Stops returns the commands that something other than Suspend has stopped since Stops
// was last called, on systems that report it. It waits for commands that are being
// started, because the system reports each stop once, and the caller may not call Stops
// again.
func (ps *Processes) Stops() []Stop {
	ps.starting.Lock()
	defer ps.starting.Unlock()
	var stops []Stop
	for _, p := range ps.all() {
		if s, ok := p.stopped(); ok {
			stops = append(stops, s)
		}
	}
	return stops
}

// Reap waits for processes that ended and that were left to this program, as they are
// to process 1, so that the system forgets them.
func (ps *Processes) Reap() {
	ps.starting.Lock()
	defer ps.starting.Unlock()
	own := map[int]bool{}
	for _, p := range ps.all() {
		own[p.cmd.Process.Pid] = true
	}
	reapStrays(own)
}
