//go:build unix || windows

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A progressBar is at the bottom of a terminal while jobs run. Text that is written to
// it appears above the bar.
type progressBar struct {
	*mpb.Progress
	terminal io.Writer
	started  time.Time
	bar      *mpb.Bar
	counts   atomic.Pointer[jobs.Counts]

	mu   sync.Mutex
	line []byte // what was written of a line that has no end yet
}

// longestLine is how much of a line is held back.
const longestLine = 1 << 16

// Write shows the lines in text. What follows the last of them is shown with the rest of
// its line: the bar would be drawn behind it, and take it away with the next redraw.
func (p *progressBar) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = append(p.line, text...)
	end := bytes.LastIndexByte(p.line, '\n') + 1
	if len(p.line)-end > longestLine {
		end = len(p.line)
	}
	if end == 0 {
		return len(text), nil
	}
	_, err := p.Progress.Write(p.line[:end])
	p.line = append(p.line[:0], p.line[end:]...)
	return len(text), err
}

func newProgressBar(terminal io.Writer) *progressBar {
	p := &progressBar{terminal: terminal}
	p.counts.Store(new(jobs.Counts))
	return p
}

// begin shows the bar. Nothing may be written to the bar before.
func (p *progressBar) begin() {
	p.started = time.Now()
	out := mpb.WithOutput(p.terminal)
	if f, ok := p.terminal.(*os.File); ok {
		if columns, lines, err := term.GetSize(int(f.Fd())); err != nil || columns <= 0 || lines <= 0 {
			// The terminal does not report its size, so the bar would have no width. With a
			// writer that is not a terminal, the bar has the usual 80 columns.
			out = mpb.WithOutput(struct{ io.Writer }{f})
		}
	}
	p.Progress = mpb.New(out, mpb.WithAutoRefresh())
	p.bar = p.New(0, mpb.BarStyle(),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.text() })),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Any(func(decor.Statistics) string { return p.left() })))
}

func (p *progressBar) set(c jobs.Counts) {
	p.counts.Store(&c)
	p.bar.SetTotal(int64(c.Known), false)
	p.bar.SetCurrent(int64(c.Ended()))
}

func (p *progressBar) text() string {
	c := p.counts.Load()
	parts := []string{fmt.Sprintf("%d/%d", c.Ended(), c.Known), fmt.Sprintf("%d running", c.Running)}
	if bad := c.Failed + c.TimedOut; bad > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", bad))
	}
	return strings.Join(parts, ", ") + " "
}

// left estimates how long the rest will take, from the time of the jobs that have
// ended. Those that run count as half done: of eight that take an hour each, seven are
// about to end when the first does. It has no estimate if the number of jobs is not known.
func (p *progressBar) left() string {
	c := p.counts.Load()
	done, rest, half := float64(c.Ended()-c.Resumed), float64(c.Known-c.Ended()), float64(c.Running)/2
	if !c.Final || done <= 0 || rest <= 0 {
		return ""
	}
	eta := time.Duration(float64(time.Since(p.started)) / (done + half) * (rest - half))
	return ", " + eta.Round(time.Second).String() + " left"
}

// end removes the bar. The text above it stays.
func (p *progressBar) end() {
	p.bar.Abort(true)
	p.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.terminal.Write(p.line)
	p.line = nil
}
