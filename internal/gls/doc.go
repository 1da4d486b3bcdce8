// Package gls finds the variables of the running goroutine. It is the one place
// that knows how a goroutine carries them, and holds Heirloom's unsafe code, with
// package trie.
//
// # Terms
//
//   - A [Frame] is the variables of a goroutine at one moment. Frames are
//     immutable: setting a variable makes a new one. So what the go statement
//     passes on is a snapshot: neither goroutine can change what the other
//     sees, and it costs as much as copying one pointer.
//   - The slot is the one pointer of a goroutine that the go statement copies.
//     In the exact mode it is ours. In the default mode it is the one for
//     profiler labels, and holds a label set: pprof's own, or a frame, which
//     begins with a label set.
//   - A [Home] is the right of one goroutine to change one line of frames. A
//     goroutine that finds a frame whose home has another owner has inherited
//     the frame, and begins a home of its own with its first change. Owners are
//     identified by the goroutine's id. The address of the g would not do,
//     because the runtime gives it to another goroutine when its own has ended.
//   - An [Env] is a set of variables that can be run, a ctxvar.Context. A run
//     has a home of its own.
//   - A work is what the variables are about: a request, a message. It is
//     identified by the home of the run that began it, and is over when that
//     home is closed.
//   - A [Change] is one assignment that can be undone, a ctxvar.Token.
//   - A [Carried] is a snapshot in a context.Context.
//   - A [Snapshot] is the state of a goroutine that can be restored, for a
//     goroutine that runs several jobs of one caller, one after the other.
//   - A birth is the state that a task begins with, an origin is the task, and
//     a tag leads to the origin from the goroutines that the task starts.
//   - A [Stay] is the work, or otherwise the goroutine, to which the value of a
//     variable for identity belongs.
//
// In the default mode only:
//
//   - A cell is where a goroutine keeps its newest frame, whatever happens to
//     the slot. A goroutine that has a cell has begun. The cell is swept when
//     the goroutine has ended.
//   - A mark is a label through which the children of a goroutine find its
//     variables.
//   - A frame is dressed when it has the labels that are in the slot.
//   - A goroutine is lost if it has not begun and has somebody else's labels.
//
// # Labels and variables are independent
//
// In the default mode, three rules, in this order, determine the variables of a
// goroutine:
//
//  1. If the slot holds a frame, they are those of the frame. Only this package
//     puts frames there, and always the newest.
//  2. If the goroutine has begun, they are those in its cell. A goroutine
//     begins when it first sets a variable, runs an Env, begins a task or a
//     job, makes a Carried, or is asked by pprof for labels through a context
//     of ours. From then on it does not matter who writes labels, with which
//     context, how often or when. The next use of a variable puts a frame back
//     into the slot, with the labels found there.
//  3. If the goroutine has not begun, it may have been started while its parent
//     had labels instead of a frame. If the labels came through a context of
//     ours, they have a mark. The mark counts if the parent was the goroutine
//     that got it, and has changed nothing since.
//
// Otherwise the goroutine has no variables. If it has labels, it is counted.
//
// # Recognising a frame
//
// The slot may hold a label set of pprof's own, which is 24 bytes with nothing
// behind them. So the label slice itself must show whether the set is a frame.
// In a frame without labels, the slice is empty and points to a private
// variable, which no other slice does. In a frame with labels, the slice has
// one record beyond its length:
//
//	Frame.set  ──►  records  [ user label ][ user label ][ hidden ]
//	                          len = 2                     cap = 3
//
// The key of the hidden record is an empty string whose data pointer is the
// address of a private variable, which no other string has, and its value is an
// empty string whose data pointer is the frame. The record is within the
// capacity, so it is in bounds and the garbage collector sees it; it is past
// the length, so it is never printed.
//
// # Files
//
// In both modes: frame, change, env, birth, carried, stay, cell (in the exact
// mode only for jobs), identity (what is read of a g), labels (what is known of
// pprof), order (for the race detector), start. In the default mode:
// slot_default, mark, snapshot_default, sweep. In the exact mode, which is a
// build tag and an overlay of the runtime: exact.
package gls
