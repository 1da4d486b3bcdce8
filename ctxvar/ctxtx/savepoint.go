package ctxtx

import (
	"context"
	"fmt"
)

// A mark is the unit of a savepoint.
type mark struct {
	t      *transaction
	ctx    context.Context
	syntax syntax
	name   string
}

// savepoint runs fn in a savepoint of t, whose level l is.
func (l *level) savepoint(ctx context.Context, t *transaction, syntax syntax, fn func(context.Context) error) error {
	if err := l.nest(); err != nil {
		return err
	}
	defer l.unnest()
	t.savepoints++
	m := &mark{t: t, ctx: ctx, syntax: syntax, name: fmt.Sprintf("%s_%d", t.adapter.name, t.savepoints)}
	if err := t.tx.Exec(ctx, fmt.Sprintf(syntax.save, m.name)); err != nil {
		return fmt.Errorf("%s: making a savepoint: %w", t.adapter.name, err)
	}
	inner := &level{adapter: l.adapter, db: l.db, begun: l.begun, parent: l}
	inner.open.Store(t)
	return inner.run(ctx, m, fn)
}

// nest records that a savepoint begins in l. It is refused while other
// goroutines take part in l: undoing the savepoint would undo what they do
// meanwhile, and theirs would end in an order that no database accepts.
func (l *level) nest() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sharers > 0 {
		return l.refuse("InTx", ErrShared, "a savepoint needs the transaction for itself; join it instead")
	}
	l.nested++
	return nil
}

func (l *level) unnest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nested--
}

func (m *mark) keep() error {
	if m.syntax.release == "" {
		return nil
	}
	if err := m.t.tx.Exec(m.ctx, fmt.Sprintf(m.syntax.release, m.name)); err != nil {
		return fmt.Errorf("%s: releasing a savepoint: %w", m.t.adapter.name, err)
	}
	return nil
}

func (m *mark) undo() error {
	// If it is ctx that has ended, but not that of the whole transaction, the
	// latter should go on.
	ctx := context.WithoutCancel(m.ctx)
	err := m.t.tx.Exec(ctx, fmt.Sprintf(m.syntax.rollback, m.name))
	if err == nil && m.syntax.release != "" {
		// Rolling back to a savepoint leaves it in place.
		err = m.t.tx.Exec(ctx, fmt.Sprintf(m.syntax.release, m.name))
	}
	if m.t.tx.Over(err) {
		return nil // everything is undone already; the end of the transaction reports it
	}
	if err != nil {
		// SQLite, for example, ends a transaction by itself in some cases, and then
		// runs the next statements outside of any transaction.
		m.t.broken.Store(&err)
	}
	return err
}
