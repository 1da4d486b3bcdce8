// Package conf has what all packages use.
package conf

import "database/sql"

var DB *sql.DB
