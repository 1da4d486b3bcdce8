package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

// A Tenant is a tenant of the service, with a database of its own.
type Tenant struct {
	Name string
	db   *sql.DB
}

// tenant is the tenant for whom the running goroutine works. It determines the
// database, so it is a variable for identity: it is unset in everything that outlives
// the request.
var tenant = ctxvar.New("tenant", ctxvar.Identity[*Tenant]())

// conn runs statements for the current tenant, in the current transaction.
func conn() ctxsql.Querier { return ctxsql.Conn(tenant.MustGet().db) }

// inTx calls fn in a transaction of the current tenant, and calls it again if other
// transactions were in the way.
func inTx(ctx context.Context, opts *sql.TxOptions, fn func(ctx context.Context) error, options ...ctxsql.Option) error {
	options = append(options, ctxsql.Retry(10, sqlitedb.Busy))
	return ctxsql.InTx(ctx, tenant.MustGet().db, opts, fn, options...)
}

// share calls fn in the transaction of the current tenant in which this goroutine was
// started.
func share(ctx context.Context, fn func(ctx context.Context) error) error {
	return ctxsql.Share(ctx, tenant.MustGet().db, fn)
}

// ErrName is returned for a text that can't be the name of a tenant.
var ErrName = errors.New("tenants: not the name of a tenant")

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// directory has the tenants' databases. It opens a database when it is first needed,
// and makes it if there is none.
type directory struct {
	path string
	busy time.Duration

	mu      sync.Mutex
	tenants map[string]*Tenant
}

func (d *directory) tenant(name string) (*Tenant, error) {
	if !nameForm.MatchString(name) { // it will be the name of a file
		return nil, fmt.Errorf("%w: %.40q", ErrName, name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.tenants[name]; t != nil {
		return t, nil
	}
	var db *sql.DB
	var err error
	// The pool has a goroutine for as long as it is open. Without Detach, this goroutine
	// would keep the values of the first request alive.
	ctxvar.Detach(func() { db, err = sqlitedb.Open(filepath.Join(d.path, name+".db"), d.busy) })
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	t := &Tenant{name, db}
	if err := create(t); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if d.tenants == nil {
		d.tenants = make(map[string]*Tenant)
	}
	d.tenants[name] = t
	return t, nil
}

// create makes t's tables. It is not a part of the request that comes first, and does
// not end with it.
func create(t *Tenant) (err error) {
	tenant.With(t, func() {
		err = inTx(context.Background(), nil, func(ctx context.Context) error {
			for _, statement := range schema {
				if _, err := conn().ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("tenants: creating tables of %s: %w", t.Name, err)
				}
			}
			return nil
		})
	})
	return err
}

func (d *directory) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, t := range d.tenants {
		errs = append(errs, t.db.Close())
	}
	clear(d.tenants)
	return errors.Join(errs...)
}
