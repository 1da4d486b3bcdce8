package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
)

// printJSON writes v on a line. It does not escape <, > and &, because the output is
// not part of a web page.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(display.JSON(b.Bytes()))
	return err
}
