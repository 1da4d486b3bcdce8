-- name: AddNote :exec
INSERT INTO notes (text) VALUES ($1);

-- name: CountNotes :one
SELECT count(*) FROM notes;
