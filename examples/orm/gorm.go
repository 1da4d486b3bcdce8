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

// OpenGORM returns notes in GORM. No adapter is needed, since [ctxsql.Querier] has the
// methods of GORM's ConnPool. Transactions that GORM begins itself are different. GORM asks a
// ConnPool for them by its method BeginTx, which this one does not have:
//
//   - GORM runs Create, Save and Delete in a transaction of their own, unless
//     SkipDefaultTransaction is set, as here. A call that becomes several statements, with
//     associations, belongs in ctxsql.InTx.
//   - Its Transaction and Begin return gorm.ErrInvalidTransaction: use ctxsql.InTx.
//   - PrepareStmt, which keeps statements that a transaction has prepared and closed,
//     must be off, as it is by default. pgx also keeps prepared statements, for each
//     connection.
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

// A gormNote is a row of notes in GORM's form.
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
