package jobs

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
)

// marshal is json.Marshal with two differences. It leaves <, > and & as they are, since
// commands are full of them, and it escapes control characters, since people look at
// logs on a terminal.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return display.JSON(bytes.TrimSuffix(b.Bytes(), []byte{'\n'})), err
}

// WriteCommand writes a line with the number, the name and the command of a job that
// would be run.
func (r *Result) WriteCommand(w io.Writer) error {
	command := struct {
		Number       int    `json:"number"`
		Job          string `json:"job"`
		Command      string `json:"command"`
		JobBytes     []byte `json:"job_base64,omitempty"`
		CommandBytes []byte `json:"command_base64,omitempty"`
	}{r.Number, r.Job, r.Command, r.JobBytes, r.CommandBytes}
	line, err := marshal(command)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return err
}

// unlessText returns the bytes of s if JSON cannot hold them.
func unlessText(s string) []byte {
	if utf8.ValidString(s) {
		return nil
	}
	return []byte(s)
}
