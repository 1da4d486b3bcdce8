package sqlite

import (
	"database/sql"
	"time"
)

// OpenDeferred is Open with transactions that begin with plain BEGIN.
func OpenDeferred(path string, busy time.Duration) (*sql.DB, error) {
	return open(path, busy, "deferred")
}
