package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/gather"
)

// A Note is a note that the service keeps. Owner is the tenant that the client gives as
// the owner; the service stores it and never reads it.
type Note struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Text  string `json:"text"`
}

// A Summary has three numbers of notes at one moment: the number counted, the running
// total, and the number delivered.
type Summary struct {
	Notes     int `json:"notes"`
	Total     int `json:"total"`
	Delivered int `json:"delivered"`
}

var schema = []string{
	`CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL)`,
	`CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, n INTEGER NOT NULL)`,
	`INSERT INTO totals VALUES ('notes', 0) ON CONFLICT DO NOTHING`,
	`CREATE TABLE IF NOT EXISTS delivered (id TEXT PRIMARY KEY, owner TEXT NOT NULL)`,
}

// ErrExists is returned for a note with an ID that another note has.
var ErrExists = errors.New("tenants: there is a note with this ID")

// add stores a note, and delivers it once the transaction is committed.
func (s *Service) add(ctx context.Context, note Note) error {
	return inTx(ctx, nil, func(ctx context.Context) error {
		result, err := conn().ExecContext(ctx,
			`INSERT INTO notes VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, note.ID, note.Owner, note.Text)
		if err != nil {
			return fmt.Errorf("tenants: adding a note: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrExists, err)
		}
		if err := s.fault(ctx); err != nil {
			return err
		}
		if _, err := conn().ExecContext(ctx, `UPDATE totals SET n = n + 1 WHERE name = 'notes'`); err != nil {
			return fmt.Errorf("tenants: counting a note: %w", err)
		}
		return ctxsql.OnCommit(ctx, tenant.MustGet().db, func(ctx context.Context) { s.outbox.put(ctx, note) })
	})
}

// addAll adds those of the notes that are new, and returns how many.
func (s *Service) addAll(ctx context.Context, notes []Note) (added int, err error) {
	err = inTx(ctx, nil, func(ctx context.Context) error {
		added = 0
		for _, note := range notes {
			err := inTx(ctx, nil, func(ctx context.Context) error { return s.add(ctx, note) }, ctxsql.Savepoint())
			switch {
			case err == nil:
				added++
			case !errors.Is(err, ErrExists):
				return err
			}
		}
		return nil
	})
	return added, err
}

func (s *Service) list(ctx context.Context) ([]Note, error) {
	rows, err := conn().QueryContext(ctx, `SELECT id, owner, text FROM notes ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("tenants: listing notes: %w", err)
	}
	defer rows.Close()
	notes := []Note{}
	for rows.Next() {
		var n Note
		if err := rows.Scan(&n.ID, &n.Owner, &n.Text); err != nil {
			return nil, fmt.Errorf("tenants: listing notes: %w", err)
		}
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

type question struct {
	sql    string
	answer *int
}

// summary runs its queries at once, in goroutines that take part in one transaction, so
// that the answers are consistent.
func (s *Service) summary(ctx context.Context) (Summary, error) {
	var sum Summary
	questions := []question{
		{`SELECT COUNT(*) FROM notes`, &sum.Notes},
		{`SELECT n FROM totals WHERE name = 'notes'`, &sum.Total},
		{`SELECT COUNT(*) FROM delivered`, &sum.Delivered},
	}
	err := inTx(ctx, &sql.TxOptions{ReadOnly: true}, func(ctx context.Context) error {
		return gather.Each(ctx, questions, func(ctx context.Context, q question) error {
			return share(ctx, func(ctx context.Context) error {
				return conn().QueryRowContext(ctx, q.sql).Scan(q.answer)
			})
		})
	})
	if err != nil {
		return Summary{}, fmt.Errorf("tenants: summary: %w", err)
	}
	return sum, nil
}
