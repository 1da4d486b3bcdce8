package ctxtx

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A level is a unit that is kept or undone as a whole: a transaction, or a
// savepoint in one. The goroutine that called InTx runs it; others may take
// part in it with Share.
//
// Goroutines that have inherited a level keep it in memory for as long as they
// live, so once it has ended, it refers only to its database.
type level struct {
	adapter *Adapter
	db      any
	begun   place
	parent  *level // the level around a savepoint; nil for a transaction
	own     hold   // that of the goroutine that runs the level

	// open is the transaction, or nil once the level has ended. The goroutine
	// that runs the level stores it, under mu; any goroutine may load it.
	open atomic.Pointer[transaction]

	mu       sync.Mutex
	sharers  int                     // goroutines inside of Share; 0 while nested > 0
	nested   int                     // open savepoints within; 0 while sharers > 0
	doomed   error                   // why the level can't be kept any more, or nil
	onCommit []func(context.Context) // what to call once it is committed
}

// A unit is a level as the database knows it.
type unit interface {
	// keep commits the unit or, in a transaction that goes on, keeps its
	// effects.
	keep() error
	// undo undoes the unit, and returns nil if that is no longer needed.
	undo() error
}

// run calls fn within l, and ends l: u is kept if fn returns nil, and undone if
// fn returns an error, panics or calls runtime.Goexit.
func (l *level) run(ctx context.Context, u unit, fn func(context.Context) error) (err error) {
	h := l.own.enter(l)
	token := l.adapter.current.Set(h)
	// There is no recover: a panic goes on by itself, with the stack of where it
	// happened, and so does Goexit.
	err = l.adapter.unwound()
	defer func() { err = l.end(u, err) }()
	defer func() { // first, so that nobody sees the transaction end
		if !h.leave(token) && err == nil {
			err = l.refuse("InTx", ErrLost, lostTodo)
		}
	}()
	return fn(ctxvar.NewContext(ctx))
}

const lostTodo = "it is rolled back, since statements may have run outside of it; look for what" +
	" changes the goroutine's variables, or its profiler labels, and does not change them back"

// end ends l, and undoes u if err is not nil. It returns err or, if that is
// nil, the error of keeping u.
func (l *level) end(u unit, err error) error {
	l.mu.Lock()
	l.open.Store(nil)
	shared, doomed := l.sharers > 0, l.doomed
	l.doomed = nil
	l.mu.Unlock()

	switch {
	case err != nil:
	case shared:
		err = l.refuse("InTx", ErrShared,
			"it was rolled back; wait for those that are inside of Share before returning")
	case doomed != nil:
		err = l.adapter.refuse(Error{Op: "InTx", Err: ErrRollbackOnly, Begun: l.begun.String(), Cause: doomed})
	default:
		err = u.keep()
	}
	if err == nil {
		if l.parent != nil {
			l.parent.committed(l.takeOnCommit()...)
		}
		return nil
	}

	l.takeOnCommit()
	if l.parent != nil && shared {
		// What the sharers still do is in the parent now, without what they did.
		l.parent.doom(err)
	}
	if failed := u.undo(); failed != nil {
		failed = fmt.Errorf("%s: rolling back: %w", l.adapter.name, failed)
		if l.parent != nil {
			l.parent.doom(failed)
		}
		err = fmt.Errorf("%w (%w)", err, failed)
	}
	return err
}

// join calls fn as a part of l: if fn returns an error, panics or calls
// runtime.Goexit, l can no longer be kept.
func (l *level) join(ctx context.Context, fn func(context.Context) error) (err error) {
	err = l.adapter.unwound()
	defer func() {
		if err != nil {
			l.doom(err)
		}
	}()
	return fn(ctx)
}

// unwound is the error of a function that did not return.
func (a *Adapter) unwound() error { return (*unwound)(a) }

type unwound Adapter

func (u *unwound) Error() string { return u.name + ": the function panicked or called runtime.Goexit" }

// doom makes l end by being undone because of err, whatever its function
// returns.
func (l *level) doom(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doomed == nil {
		l.doomed = err
	}
}

// committed adds functions to be called once l is committed, unless it has
// ended: one that takes part in it with Share is too late then.
func (l *level) committed(fns ...func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.Load() != nil {
		l.onCommit = append(l.onCommit, fns...)
	}
}

// takeOnCommit is for the goroutine that runs l, once l has ended. It needs no
// lock, because nobody else touches onCommit from then on.
func (l *level) takeOnCommit() []func(context.Context) {
	fns := l.onCommit
	l.onCommit = nil
	return fns
}

func (l *level) refuse(op string, err error, todo string) error {
	return l.adapter.refuse(Error{Op: op, Err: err, Begun: l.begun.String(), todo: todo})
}
