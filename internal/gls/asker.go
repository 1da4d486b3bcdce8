package gls

import (
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// An asker is one of runtime/pprof's functions that look for labels in a
// context.
type asker uint8

const (
	other asker = iota
	withLabels
	setGoroutineLabels
)

// A site tells what a program counter found on a stack is in.
type site uint8

const (
	elsewhere    site = iota
	inWithLabels      // pprof.WithLabels
	inSetLabels       // pprof.SetGoroutineLabels
	inDo              // pprof.Do, or what the runtime calls its deferred function from
	inPprofOther      // any other function of runtime/pprof
)

// sites remembers the sites of program counters, to save looking them up. A
// program has only so many places from which contexts are asked. The map that
// it points to does not change; mu is held while another takes its place.
var sites struct {
	known atomic.Pointer[map[uintptr]site]
	mu    sync.Mutex
}

// siteOf returns the site of pc, one of those that runtime.Callers finds.
func siteOf(pc uintptr) site {
	if known := sites.known.Load(); known != nil {
		if s, ok := (*known)[pc]; ok {
			return s
		}
	}
	s := findSite(pc)
	sites.mu.Lock()
	defer sites.mu.Unlock()
	known := make(map[uintptr]site)
	if before := sites.known.Load(); before != nil {
		maps.Copy(known, *before)
	}
	known[pc] = s
	sites.known.Store(&known)
	return s
}

func findSite(pc uintptr) site {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	switch name := frame.Function; {
	case name == "runtime/pprof.labelValue":
		return elsewhere
	case name == "runtime/pprof.WithLabels":
		return inWithLabels
	case name == "runtime/pprof.SetGoroutineLabels":
		return inSetLabels
	case name == "runtime/pprof.Do", strings.HasPrefix(name, "runtime/pprof.Do."):
		return inDo
	case strings.HasPrefix(name, "runtime/pprof."):
		return inPprofOther
	case strings.HasPrefix(name, "runtime."):
		return inDo
	default:
		return elsewhere
	}
}

// whoAsks returns which function of runtime/pprof asks the caller of Answer, a
// context, for its labels, and whether that is at the beginning or the end of a
// pprof.Do. The key is private to that package, so one of its functions is on
// the stack, close by: between it and us are the Value methods of the contexts
// around ours.
func whoAsks() (who asker, do bool) {
	// Of the stack as it mostly is, labelValue, WithLabels and Do, no frame more
	// is unwound than it takes to tell, for that is what all this costs.
	const ours = 4 // runtime.Callers, whoAsks, Answer and the Value that calls it
	var few [3]uintptr
	if who, do, ok := askerOn(few[:runtime.Callers(ours, few[:])]); ok {
		return who, do
	}
	var more [12]uintptr
	if who, do, ok := askerOn(more[:runtime.Callers(ours, more[:])]); ok {
		return who, do
	}
	many := make([]uintptr, 1024)
	who, do, _ = askerOn(many[:runtime.Callers(ours, many)])
	return who, do
}

// askerOn looks for the asker on a stack, and reports whether it was found.
func askerOn(pcs []uintptr) (who asker, do, ok bool) {
	for i, pc := range pcs {
		switch siteOf(pc) {
		case inWithLabels:
			who = withLabels
		case inSetLabels:
			who = setGoroutineLabels
		case inPprofOther:
			return other, false, true
		default:
			continue
		}
		if i+1 == len(pcs) {
			return other, false, false
		}
		return who, siteOf(pcs[i+1]) == inDo, true
	}
	return other, false, false
}
