package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// DecodeJSONLines reads a job from each line of r that is not blank, and returns
// the group of them all. An error begins with the line it is about.
func DecodeJSONLines(r io.Reader) (*Job, error) {
	root := new(Job)
	n := 0
	for line, err := range split(r, '\n') {
		n++
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		job, err := decodeJSON([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		root.Jobs = append(root.Jobs, job)
	}
	return root, nil
}

func decodeJSON(line []byte) (*Job, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	job := new(Job)
	if err := d.Decode(job); err != nil {
		var mismatch *json.UnmarshalTypeError
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the JSON object does not end on its line")
		case errors.As(err, &mismatch) && mismatch.Field == "":
			return nil, fmt.Errorf("not a JSON object (%s)", mismatch.Value)
		case errors.As(err, &mismatch):
			return nil, fmt.Errorf("%s has the wrong type (%s)", mismatch.Field, mismatch.Value)
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more than one JSON object on the line")
	}
	return job, checkKeys(line)
}

// checkKeys looks for a key that is none of a job's, because a misspelt one must
// not be ignored. (A Decoder that disallows them names them in its text only.)
func checkKeys(object []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return err
	}
	for key := range fields {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	var children []json.RawMessage
	if nested, ok := fields["jobs"]; ok {
		if err := json.Unmarshal(nested, &children); err != nil {
			return err
		}
	}
	for _, child := range children {
		if err := checkKeys(child); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(key string) error {
	var known []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Job]()) {
		if name := f.Tag.Get("json"); name == key {
			return nil
		} else {
			known = append(known, name)
		}
	}
	if best, ok := nearest.Name(key, known); ok {
		return fmt.Errorf("a job has no %q; did you mean %q?", key, best)
	}
	return fmt.Errorf("a job has no %q, but %s", key, strings.Join(known, ", "))
}

// DecodeTOML reads a TOML document: the group of all jobs, each in a [[jobs]]
// table. An error begins with the line it is about.
func DecodeTOML(r io.Reader) (*Job, error) {
	root := new(Job)
	err := toml.NewDecoder(r).DisallowUnknownFields().Decode(root)
	var missing *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &missing):
		first := missing.Errors[0]
		line, _ := first.Position()
		key := first.Key()
		return nil, fmt.Errorf("line %d: %w", line, checkKey(key[len(key)-1]))
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return nil, fmt.Errorf("line %d: %s", line, strings.TrimPrefix(wrong.Error(), "toml: "))
	case err != nil:
		return nil, err
	}
	return root, nil
}
