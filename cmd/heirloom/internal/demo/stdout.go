package demo

import (
	"bytes"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// stdout is the writer to which a scene prints. It is a context variable, so the
// scene's functions need no writer as a parameter, and two scenes can be played at
// once.
var stdout io.Writer = contextWriter{}

var output = ctxvar.New("output", ctxvar.Default[io.Writer](os.Stdout))

type contextWriter struct{}

func (contextWriter) Write(p []byte) (int, error) { return output.Get().Write(p) }

// sorted holds back the output of a scene until its end, and sorts the lines.
type sorted struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sorted) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *sorted) writeTo(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := slices.SortedFunc(bytes.Lines(s.text.Bytes()), bytes.Compare)
	_, err := w.Write(bytes.Join(lines, nil))
	return err
}
