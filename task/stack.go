package task

import (
	"math"
	"runtime"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Stack has the stacks of a task at one moment: that of its own goroutine,
// and those of the goroutines that it started without a task, such as the
// workers of a call of package gather. Its JSON form is stable: fields may be
// added.
type Stack struct {
	ID   uint64 `json:"id"`
	Name string `json:"name"`
	// Goroutines has the task's own goroutine first. It is empty if the task is
	// queued, or began after the stacks were taken.
	Goroutines []Goroutine `json:"goroutines"`
	// Omitted is the number of goroutines left out: a Stack has at most 64.
	Omitted int `json:"omitted,omitempty"`
}

// A Goroutine has the stack of one goroutine.
type Goroutine struct {
	ID     uint64  `json:"id"`
	State  string  `json:"state"` // as the runtime says it: "chan receive, 2 minutes"
	Frames []Frame `json:"frames"`
	// CreatedBy is where the goroutine was started, or nil for a task's own.
	CreatedBy *Frame `json:"created_by,omitempty"`
}

// A Frame is one call on a stack.
type Frame struct {
	Function string `json:"function"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// String returns the stack as text for people.
func (s Stack) String() string {
	var b strings.Builder
	for i, g := range s.Goroutines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("goroutine " + strconv.FormatUint(g.ID, 10) + " [" + g.State + "]:\n")
		for _, f := range g.Frames {
			b.WriteString(f.String() + "\n")
		}
		if g.CreatedBy != nil {
			b.WriteString("created by " + g.CreatedBy.String() + "\n")
		}
	}
	if s.Omitted > 0 {
		b.WriteString("\n… and " + strconv.Itoa(s.Omitted) + " more goroutines\n")
	}
	return b.String()
}

// String returns the frame as two lines, the function and the place, without a
// final newline.
func (f Frame) String() string {
	return f.Function + "\n\t" + f.File + ":" + strconv.Itoa(f.Line)
}

// Stacks has the stacks of all goroutines of the program at one moment.
type Stacks struct {
	texts   map[uint64]string   // of goroutines, by their id
	started map[uint64][]uint64 // the ids of the goroutines that each started, except those of tasks
}

const (
	// largestDump is how much text of stacks is read, enough for some hundred
	// thousand goroutines.
	largestDump = 256 << 20

	// mostGoroutines is how many a Stack has.
	mostGoroutines = 64
)

// TakeStacks records the stacks of all goroutines. The whole program stops
// meanwhile, for some milliseconds per thousand goroutines, so TakeStacks is
// for finding out by hand what hangs. It needs no labels or names on tasks, and
// so costs them nothing before it is called.
func TakeStacks() *Stacks {
	s := &Stacks{texts: make(map[uint64]string), started: make(map[uint64][]uint64)}
	buf := make([]byte, min(largestDump, 64<<10+2<<10*runtime.NumGoroutine()))
	n := runtime.Stack(buf, true)
	for n == len(buf) && n < largestDump {
		buf = make([]byte, min(largestDump, 2*n))
		n = runtime.Stack(buf, true)
	}
	for text := range strings.SplitSeq(string(buf[:n]), "\n\n") {
		id, _, ok := cutNumber(text, "goroutine ")
		if !ok {
			continue
		}
		s.texts[id] = text
		if i := strings.LastIndex(text, "\ncreated by "); i >= 0 && !strings.HasPrefix(text[i:], "\ncreated by "+ownPrefix) {
			_, by, _ := strings.Cut(text[i:], " in")
			if by, _, ok := cutNumber(by, " goroutine "); ok {
				s.started[by] = append(s.started[by], id)
			}
		}
	}
	return s
}

// Of returns the Stack of the task with the given [Info.ID]. For a [Group] or a
// call of package gather, it returns that of the task that it is in. It reports
// false if nothing with that ID is live now.
func (s *Stacks) Of(id uint64) (Stack, bool) {
	var found *node
	newWalk().look(func(n *node, _ uint64, _ int) bool {
		if n.isOrHas(id) {
			found = n.task()
		}
		return found == nil
	})
	if found == nil {
		return Stack{}, false
	}
	stack := Stack{ID: found.id, Name: found.name(), Goroutines: []Goroutine{}}
	for todo := []uint64{found.goroutine()}; len(todo) > 0; todo = todo[1:] {
		text, ok := s.texts[todo[0]]
		switch {
		case !ok:
		case len(stack.Goroutines) == mostGoroutines:
			stack.Omitted++
		default:
			stack.Goroutines = append(stack.Goroutines, parseGoroutine(text, len(stack.Goroutines) == 0))
		}
		todo = append(todo, s.started[todo[0]]...)
	}
	return stack, true
}

// goroutine returns the id of n's own goroutine, or 0 if it has none.
func (n *node) goroutine() uint64 {
	if n.self == nil {
		return 0
	}
	return (*gls.Env)(n.self.(owner).ownVars()).Goroutine()
}

// isOrHas reports whether id is that of n, or of a call that n is in.
func (n *node) isOrHas(id uint64) bool {
	if n.id == id {
		return true
	}
	if n.self != nil {
		calls, _ := n.callRows(math.MaxInt)
		for _, c := range calls {
			if c.ID == id {
				return true
			}
		}
	}
	return false
}

// parseGoroutine reads what the runtime writes for a goroutine:
//
//	goroutine 7 [chan receive, 2 minutes]:
//	main.fetch(0x1, {0xc000010000, 0x2})
//		/src/main.go:12 +0x1d
//	created by main.main in goroutine 1
//		/src/main.go:9 +0x2a
//
// Of calls within this package, and of those that run the function of a task,
// whose own goroutine it may be, it leaves out all but the user's.
func parseGoroutine(text string, own bool) Goroutine {
	head, text, _ := strings.Cut(text, "\n")
	g := Goroutine{Frames: []Frame{}}
	g.ID, head, _ = cutNumber(head, "goroutine ")
	if _, state, ok := strings.Cut(head, "["); ok {
		g.State, _, _ = strings.Cut(state, "]")
	}
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i++ {
		place, isPlace := strings.CutPrefix(lines[i+1], "\t")
		if !isPlace {
			continue // "...12 frames elided..."
		}
		var f Frame
		place, _, _ = strings.Cut(place, " +0x")
		if colon := strings.LastIndexByte(place, ':'); colon >= 0 {
			f.File = place[:colon]
			f.Line, _ = strconv.Atoi(place[colon+1:])
		}
		if by, ok := strings.CutPrefix(lines[i], "created by "); ok {
			f.Function, _, _ = strings.Cut(by, " in goroutine ")
			g.CreatedBy = &f
		} else {
			f.Function = lines[i]
			if args := strings.LastIndexByte(lines[i], '('); args > 0 {
				f.Function = lines[i][:args]
			}
			g.Frames = append(g.Frames, f)
		}
		i++
	}
	// Of the calls within this package, only the outermost is of interest.
	for len(g.Frames) > 1 && strings.HasPrefix(g.Frames[1].Function, ownPrefix) && strings.HasPrefix(g.Frames[0].Function, ownPrefix) {
		g.Frames = g.Frames[1:]
	}
	if own {
		g.CreatedBy = nil
		last := len(g.Frames)
		for last > 0 && strings.HasPrefix(g.Frames[last-1].Function, ownPrefix) {
			last--
		}
		if last > 0 {
			g.Frames = g.Frames[:last]
		}
	}
	return g
}

// cutNumber returns the number behind prefix, with which text begins, and what is
// behind that.
func cutNumber(text, prefix string) (n uint64, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, prefix)
	if !ok {
		return 0, text, false
	}
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseUint(text[:digits], 10, 64)
	return n, text[digits:], err == nil
}
