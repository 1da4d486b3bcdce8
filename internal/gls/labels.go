package gls

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"runtime/pprof"
	"unsafe"
)

// The runtime's two accessors of a goroutine's label pointer. Its source lists
// them as used from outside by linkname and says not to change or remove them
// (go.dev/issue/67401), so no linker flag is needed.

//go:linkname getProfLabel runtime/pprof.runtime_getProfLabel
func getProfLabel() unsafe.Pointer

//go:linkname setProfLabel runtime/pprof.runtime_setProfLabel
func setProfLabel(unsafe.Pointer)

// A labelSet is runtime/pprof's label set as it is in memory: a slice of pairs
// of strings.
type labelSet struct {
	data     *record
	len, cap int
}

// A record is one label, a pair of strings, as it is in memory.
type record struct {
	key    unsafe.Pointer
	keyLen int
	val    unsafe.Pointer
	valLen int
}

// at returns a pointer to the ith record; i may equal s.len when s.cap is more.
func (s *labelSet) at(i int) *record {
	return (*record)(unsafe.Add(unsafe.Pointer(s.data), uintptr(i)*unsafe.Sizeof(record{})))
}

// plainLabels returns a set of pprof's own form, nil if there are no records.
func plainLabels(records []record) *labelSet {
	if len(records) == 0 {
		return nil
	}
	return &labelSet{data: &records[0], len: len(records), cap: len(records)}
}

func (r *record) strings() (key, val string) {
	return unsafe.String((*byte)(r.key), r.keyLen), unsafe.String((*byte)(r.val), r.valLen)
}

// sameLabels reports whether a and b are equal, label by label.
func sameLabels(a, b []record) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		ak, av := a[i].strings()
		bk, bv := b[i].strings()
		if ak != bk || av != bv {
			return false
		}
	}
	return true
}

// pprofKey is the key under which runtime/pprof keeps labels in a context, and
// pprofType is the type of the value, a pointer to its label set. Both are
// private to pprof, and are learnt from what its public functions do with a
// context of ours.
var pprofKey, pprofType = learn()

// asked is a context that remembers the key for which it was last asked.
type asked struct {
	context.Context
	key any
}

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}

type eface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

// learn asks runtime/pprof for its key and type, and verifies that labels have
// the memory layout that this package expects. If a Go release changes the
// layout, a program must not start, because it would read memory at random
// later.
func learn() (key any, typ unsafe.Pointer) {
	parent := &asked{Context: context.Background()}
	ctx := pprof.WithLabels(parent, pprof.Labels("b", "second", "a", "1st"))
	key = parent.key
	if key == nil {
		panic(layoutError("pprof.WithLabels does not ask its context for labels"))
	}
	value := ctx.Value(key)
	if !isLabelSet(reflect.TypeOf(value)) {
		panic(layoutError(fmt.Sprintf("a context holds labels as %T", value)))
	}
	e := (*eface)(unsafe.Pointer(&value))
	set := (*labelSet)(e.data)
	if set.len != 2 {
		panic(layoutError(fmt.Sprintf("a set of 2 labels has a length of %d", set.len)))
	}
	for i, want := range [][2]string{{"a", "1st"}, {"b", "second"}} {
		if k, v := set.at(i).strings(); k != want[0] || v != want[1] {
			panic(layoutError("labels are not sorted pairs of strings"))
		}
	}
	return key, e.typ
}

// isLabelSet reports whether t is a pointer to a slice of pairs of strings,
// which may be wrapped in any number of structs without other fields.
func isLabelSet(t reflect.Type) bool {
	if t == nil || t.Kind() != reflect.Pointer {
		return false
	}
	t = t.Elem()
	for t.Kind() == reflect.Struct && t.NumField() == 1 {
		t = t.Field(0).Type
	}
	if t.Kind() != reflect.Slice {
		return false
	}
	t = t.Elem()
	return t.Kind() == reflect.Struct && t.NumField() == 2 &&
		t.Field(0).Type.Kind() == reflect.String && t.Field(1).Type.Kind() == reflect.String
}

func layoutError(what string) string {
	return "heirloom: " + runtime.Version() + " keeps goroutine labels in a way this version of Heirloom does not know (" +
		what + "): use a later version of Heirloom, or an earlier Go"
}

// labelValue returns s as the value that runtime/pprof keeps in a context.
func labelValue(s *labelSet) any {
	var value any
	*(*eface)(unsafe.Pointer(&value)) = eface{typ: pprofType, data: unsafe.Pointer(s)}
	return value
}

// labelsIn returns the label set in value, which a context returned for
// pprofKey. value is nil, or what labelValue makes.
func labelsIn(value any) *labelSet {
	if e := (*eface)(unsafe.Pointer(&value)); e.typ == pprofType {
		return (*labelSet)(e.data)
	}
	return nil
}

// PprofKey reports whether key is the one under which runtime/pprof keeps
// labels.
func PprofKey(key any) bool { return key == pprofKey }

// GoroutineLabels returns the running goroutine's labels, as a value for
// runtime/pprof's key.
func GoroutineLabels() any { return labelValue(plainLabels(inSlot().visible())) }

// HasLabels reports whether ctx has labels for runtime/pprof.
func HasLabels(ctx context.Context) bool {
	return len(labelsIn(ctx.Value(pprofKey)).visible()) > 0
}
