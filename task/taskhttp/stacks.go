package taskhttp

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// A stacks holds the latest stacks of all goroutines. Taking them stops the program, so
// they are taken at most once a second, for any number of requests.
type stacks struct {
	mu     sync.Mutex
	latest *task.Stacks // nil after a second: it has the text of all goroutines
}

func (s *stacks) take() *task.Stacks {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest == nil {
		s.latest = task.TakeStacks()
		time.AfterFunc(time.Second, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.latest = nil
		})
	}
	return s.latest
}

// stack serves the stack of one task.
func (h *Handler) stack(w http.ResponseWriter, id, format string) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		http.Error(w, "taskhttp: stack is not the ID of a task", http.StatusBadRequest)
		return
	}
	stack, ok := h.stacks.take().Of(n)
	switch {
	case !ok:
		http.Error(w, "taskhttp: no live task has this ID; it may have ended", http.StatusNotFound)
	case format == "json":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(encode(stack))
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, stack.String())
	}
}
