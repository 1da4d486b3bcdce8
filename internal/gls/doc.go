// Package gls finds the variables of the running goroutine. It is the one place
// that knows how a goroutine carries them, and holds all of Heirloom's unsafe
// code.
//
// # Words
//
//   - A [Frame] is the variables of a goroutine at one moment. Frames are
//     immutable: setting a variable makes another. So what the go statement hands
//     down is a snapshot: neither side can change what the other sees, and it
//     costs what copying one pointer costs.
//   - The slot is the one pointer of a goroutine that the go statement copies.
//     In the exact mode it is ours. In the default mode it is that of profiler
//     labels, and what is in it is a label set: pprof's own, or a frame, which
//     begins with one.
//   - A [Home] is the right of one goroutine to go on changing one line of
//     frames. A goroutine that finds a frame whose home has another owner has
//     inherited it, and begins a home of its own with its first change. An owner
//     is told by the goroutine's id. Its address would not do, for the runtime
//     gives it to the next goroutine when one has ended.
//   - An [Env] is a set of variables that can be run, a ctxvar.Context. A run
//     has a home of its own.
//   - A work is what the variables are about: a request, a message. It is the
//     home of the run that began it, and is over when that is closed.
//   - A [Change] is one assignment, to be undone: a ctxvar.Token.
//   - A [Carried] is a snapshot in a context.Context.
//   - A [Snapshot] is what a goroutine had, to be had again: for a goroutine
//     that does jobs of one caller, one after the other.
//   - A birth is what a task begins with, an origin the task, and a tag the way
//     there from the goroutines that it starts.
//   - A [Stay] is the work, or else the goroutine, that the value of a variable
//     for identity belongs to.
//
// In the default mode alone:
//
//   - A cell is where a goroutine keeps its newest frame, whatever becomes of
//     the slot. A goroutine that has one has begun. It is swept when the
//     goroutine has ended.
//   - A mark is a label by which the children of a goroutine find what it had.
//   - A frame is dressed when it has the labels that are in the slot.
//   - A goroutine is lost if it has not begun and has labels of somebody else's.
//
// # Labels are labels, variables are variables
//
// The default mode keeps to three rules, in this order.
//
//  1. If a frame is in the slot, it is that. Only we put frames there, and
//     always the newest.
//  2. If the goroutine has begun, it is what its cell has. It begins when it
//     first sets a variable, runs an Env, begins a task or a job, makes a
//     Carried, or is asked by pprof through a context of ours. From then on it
//     doesn't matter who writes labels, with which context, how often or when.
//     The next use of a variable puts a frame back into the slot, with the labels
//     that it finds there.
//  3. If it has not begun, it may have been started while its parent had labels
//     in place of a frame. If these came through a context of ours they have a
//     mark, and that counts if it was the parent that got it and has changed
//     nothing since.
//
// Otherwise it has nothing. It is counted, if there are labels.
//
// # Recognising a frame
//
// The slot may hold a label set of pprof's own, 24 bytes with nothing behind
// them, so the question "is this ours?" must be answered from within the label
// slice. That of a frame without labels is empty and points to a private
// variable, which no other slice does. That of one with labels has one record
// more than its length tells:
//
//	Frame.set  ──►  records  [ user label ][ user label ][ hidden ]
//	                          len = 2                     cap = 3
//
// Its key is an empty string whose data pointer is the address of a private
// variable, which no other string has, and its value an empty string whose data
// pointer is the frame. The record is within the capacity, hence in bounds and
// seen by the garbage collector, and past the length, hence never printed.
//
// # Files
//
// What is in both modes: frame, change, env, birth, carried, stay, cell (in the
// exact mode for the jobs alone), identity (what is read of a g), labels (what
// is known of pprof), check. In the default mode: slot_default, mark,
// snapshot_default, sweep. In the exact mode, which is a build tag and an
// overlay of the runtime: exact.
package gls
