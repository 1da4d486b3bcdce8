// Package sqlc is what sqlc generates of the SQL in schema.sql and query.sql, but for this
// file.
package sqlc

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.30.0 generate
