package watch

import (
	"bytes"
	"fmt"
	"io"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
)

// A Line is a line of a frame: text without control characters, no wider than the
// terminal.
type Line struct {
	Text  string
	Style Style
}

// A Style makes a line stand out. No information depends on it alone.
type Style int

// The styles.
const (
	Plain Style = iota
	Bold
	Dim
	Alert    // something is wrong
	Selected // takes the place of Alert
)

var styles = map[Style]string{Bold: "\x1b[1m", Dim: "\x1b[2m", Alert: "\x1b[31m", Selected: "\x1b[7m"}

// A Painter shows frames on a terminal, each in place of the one before it. It writes
// only the lines that have changed.
type Painter struct {
	Out    io.Writer
	Colour bool

	shown []Line
	all   bool // what is on the terminal is known
}

// Begin switches to the terminal's alternate screen, so that the shell's screen stays
// as it is.
func (p *Painter) Begin() error {
	p.Forget()
	return p.write("\x1b[?1049h\x1b[?25l")
}

// End switches back to the shell's screen.
func (p *Painter) End() error { return p.write("\x1b[?25h\x1b[?1049l") }

// Forget makes the next Paint write everything.
func (p *Painter) Forget() { p.shown, p.all = nil, false }

// Paint shows the frame on a terminal with that many columns.
func (p *Painter) Paint(frame []Line, columns int) error {
	var b bytes.Buffer
	if !p.all {
		b.WriteString("\x1b[2J")
	}
	for i, line := range frame {
		if p.all && i < len(p.shown) && p.shown[i] == line {
			continue
		}
		text := line.Text
		if line.Style == Selected {
			text = display.Pad(text, columns)
		}
		style := styles[line.Style]
		if line.Style == Alert && !p.Colour {
			style = styles[Bold]
		}
		fmt.Fprintf(&b, "\x1b[%d;1H%s%s", i+1, style, text)
		if style != "" {
			b.WriteString("\x1b[0m")
		}
		// At the right margin, the cursor stays on the last character, which this would
		// erase.
		if display.Width(text) < columns {
			b.WriteString("\x1b[K")
		}
	}
	if p.all && len(frame) < len(p.shown) {
		fmt.Fprintf(&b, "\x1b[%d;1H\x1b[J", len(frame)+1)
	}
	p.shown, p.all = append(p.shown[:0], frame...), true
	if b.Len() == 0 {
		return nil
	}
	return p.write(b.String())
}

func (p *Painter) write(s string) error {
	_, err := io.WriteString(p.Out, s)
	return err
}
