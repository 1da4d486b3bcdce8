package jobs

import (
	"bytes"
	"encoding/json"
)

// marshal is json.Marshal with <, > and & as they are, which commands are full of.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}
