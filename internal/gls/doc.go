// Package gls finds the values of the running goroutine. It is the one place
// that knows how a goroutine carries them, and holds all of Heirloom's unsafe
// code.
//
// # The slot
//
// The runtime gives each goroutine one pointer that the go statement copies to
// the new goroutine: the set of labels that runtime/pprof attaches to samples.
// This package keeps a [Frame] there. A frame begins with what pprof expects, a
// slice of label records, and goes on with fields of our own. Profilers,
// goroutine dumps and tracebacks read the slot at any moment and find in a
// frame the labels the program's user put there, and nothing else.
//
// Frames are immutable. Setting a variable installs another frame, so that what
// the go statement hands down is a snapshot: neither side can change what the
// other sees, and it costs what copying one pointer costs.
//
// # Recognising a frame
//
// The slot may also hold a label set of pprof's own, 24 bytes with nothing
// behind them, so the question "is this ours?" must be answered from within the
// label slice. That of a frame without labels is empty and points to a private
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
// # When pprof overwrites the slot
//
// pprof.Do and pprof.SetGoroutineLabels install a label set made from what the
// context answers for pprof's private key. A context of ours answers that key
// through [Answer]: it gives pprof.WithLabels one more record, a [mark], which
// pprof merges into its set with the rest and which leads back to the frame,
// and it gives pprof.SetGoroutineLabels, which ends a pprof.Do, a frame with
// the newest values. The first use of a variable inside replaces the set with a
// frame that has the same labels, without the mark.
//
// That mark may come back when a nested pprof.Do ends, or reach a goroutine
// that inherits it or is given the context. A [trail] leads from it to what
// each goroutine has set since.
//
// # Who owns what
//
// A [Home] is the right of one goroutine to go on changing one line of frames.
// A goroutine that finds a frame whose home has another owner has inherited it,
// and begins a home of its own with its first change. An owner is told by the
// goroutine's id. Its address would not do, for the runtime gives it to the next
// goroutine when one has ended.
package gls
