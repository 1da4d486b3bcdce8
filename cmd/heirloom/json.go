package main

import (
	"encoding/json"
	"io"
)

// printJSON writes v on a line, with <, > and & as they are: it is for no page.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
