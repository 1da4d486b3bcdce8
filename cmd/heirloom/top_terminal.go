package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
)

// A terminal is one that is shown frames, and whose keys are read.
type terminal struct {
	in, out *os.File // in is nil if there are no keys
	painter *watch.Painter
	before  *term.State  // of in
	restore func() error // what begin has changed of out
}

// begin has the terminal send keys as they are pressed, and not show them.
func (t *terminal) begin() (err error) {
	if t.in != nil {
		before, err := term.MakeRaw(int(t.in.Fd()))
		if err != nil {
			return fmt.Errorf("the terminal cannot be read key by key: %w", err)
		}
		if t.before == nil { // and not what we may have made of it before a suspension
			t.before = before
		}
	}
	if t.restore, err = interpretEscapes(t.out); err == nil {
		err = t.painter.Begin()
	}
	if err != nil {
		t.end()
	}
	return err
}

// end leaves the terminal as it was. There is nobody to tell if it cannot.
func (t *terminal) end() {
	_ = t.painter.End()
	if t.restore != nil {
		_ = t.restore()
	}
	if t.before != nil {
		_ = term.Restore(int(t.in.Fd()), t.before)
	}
}

// size returns the usual size for a terminal that does not know its own.
func (t *terminal) size() (columns, lines int) {
	columns, lines, err := term.GetSize(int(t.out.Fd()))
	if err != nil || columns <= 0 || lines <= 0 {
		return 80, 24
	}
	return columns, lines
}

// keys reads keys until ctx is done, and a key after that: nothing gets a goroutine
// out of reading a terminal. The channel is closed when there are no more.
func (t *terminal) keys(ctx context.Context) <-chan watch.Key {
	if t.in == nil {
		return nil
	}
	keys := make(chan watch.Key)
	go func() {
		defer close(keys)
		buffer := make([]byte, 1024)
		for kept := 0; ; {
			n, err := t.in.Read(buffer[kept:])
			if err != nil {
				return
			}
			pressed, rest := watch.Keys(buffer[:kept+n])
			kept = copy(buffer, rest)
			for _, k := range pressed {
				select {
				case keys <- k:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return keys
}
