package main

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// OpenGORM returns notes by GORM, whose ConnPool has the methods of [ctxsql.Querier]: that is
// all. What GORM begins by itself is another matter, since a ConnPool says so by having a
// BeginTx, and this one has none:
//
//   - GORM runs Create, Save and Delete in a transaction of their own, unless told not
//     to. Call what makes several statements of one, with associations, in ctxsql.InTx.
//   - Its Transaction and Begin return gorm.ErrInvalidTransaction: use ctxsql.InTx.
//   - PrepareStmt, which keeps statements that a transaction has prepared and closed,
//     must be off, as it is. pgx keeps prepared statements too, a connection's own.
func OpenGORM(db *sql.DB) (Notes, error) {
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: ctxsql.Conn(db)}), &gorm.Config{
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("gorm: %w", err)
	}
	return gormNotes{g}, nil
}

type gormNotes struct{ db *gorm.DB }

// A gormNote is a row of notes, as GORM has it.
type gormNote struct {
	ID   int64
	Text string
}

func (gormNote) TableName() string { return "notes" }

func (n gormNotes) Add(ctx context.Context, text string) error {
	return n.db.WithContext(ctx).Create(&gormNote{Text: text}).Error
}

func (n gormNotes) Count(ctx context.Context) (int, error) {
	var count int64
	err := n.db.WithContext(ctx).Model(&gormNote{}).Count(&count).Error
	return int(count), err
}
