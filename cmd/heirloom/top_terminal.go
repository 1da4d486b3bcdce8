package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
)

// A terminal shows frames and reads keys.
type terminal struct {
	in, out *os.File // in is nil if there are no keys
	painter *watch.Painter
	before  *term.State  // of in
	restore func() error // undoes what begin has changed of out
}

// begin makes the terminal send keys as they are pressed, without showing them.
func (t *terminal) begin() (err error) {
	if t.in != nil {
		before, err := term.MakeRaw(int(t.in.Fd()))
		if err != nil {
			return fmt.Errorf("the terminal cannot be read key by key: %w", err)
		}
		if t.before == nil { // do not save our own settings after a suspension
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

// end restores the terminal. A failure could not be reported to anyone.
func (t *terminal) end() {
	_ = t.painter.End()
	if t.restore != nil {
		_ = t.restore()
	}
	if t.before != nil {
		_ = term.Restore(int(t.in.Fd()), t.before)
	}
}

// size returns the size of the terminal, or the usual one if it is not known.
func (t *terminal) size() (columns, lines int) {
	columns, lines, err := term.GetSize(int(t.out.Fd()))
	if err != nil || columns <= 0 || lines <= 0 {
		return 80, 24
	}
	return columns, lines
}

// keys reads keys until ctx is done, and perhaps one key after that, because nothing
// can interrupt a read from a terminal. The channel is closed when there are no more
// keys.
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
