//go:build unix || windows

package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A progressBar is at the bottom of a terminal while jobs run. What is written to
// it appears above.
type progressBar struct {
	*mpb.Progress
	bar    *mpb.Bar
	counts atomic.Pointer[jobs.Counts]
}

func newProgressBar(terminal io.Writer) *progressBar {
	p := &progressBar{Progress: mpb.New(mpb.WithOutput(terminal))}
	p.counts.Store(new(jobs.Counts))
	p.bar = p.New(0, mpb.BarStyle(),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.tell() })),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
	return p
}

func (p *progressBar) set(c jobs.Counts) {
	p.counts.Store(&c)
	p.bar.SetTotal(int64(c.Known), false)
	p.bar.SetCurrent(int64(c.Ended()))
}

func (p *progressBar) tell() string {
	c := p.counts.Load()
	parts := []string{fmt.Sprintf("%d/%d", c.Ended(), c.Known), fmt.Sprintf("%d running", c.Running)}
	if bad := c.Failed + c.TimedOut; bad > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", bad))
	}
	return strings.Join(parts, ", ") + " "
}

// end takes the bar away; what was written above it stays.
func (p *progressBar) end() {
	p.bar.Abort(true)
	p.Wait()
}
