package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// DecodeJSONLines reads a job from each line of r that is not blank, and returns a
// group of all these jobs. An error begins with the number of its line.
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
	if !utf8.Valid(line) {
		return nil, errors.New("the line is not UTF-8, which JSON has to be")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	job := new(Job)
	if err := d.Decode(job); err != nil {
		var mismatch *json.UnmarshalTypeError
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the JSON object does not end on its line")
		case errors.As(err, &mismatch) && mismatch.Field == "timeout":
			return nil, fmt.Errorf("timeout is a %s; write it as \"90s\" or \"1h30m\"", mismatch.Value)
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
	if err := checkKeys(line); err != nil {
		return nil, err
	}
	// The decoder reads half of a surrogate pair as U+FFFD, which is not in the file.
	if read, err := marshal(job); err != nil || bytes.ContainsRune(read, utf8.RuneError) && !bytes.ContainsRune(line, utf8.RuneError) &&
		!bytes.Contains(bytes.ToLower(line), []byte(`\ufffd`)) {
		return nil, errors.New("the line has half of a surrogate pair")
	}
	return job, nil
}

// checkKeys looks for a key that a job does not have, because a misspelt key must not
// be ignored. (A Decoder that disallows unknown keys names them only in the text of its
// error.)
func checkKeys(object []byte) error {
	fields := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := checkKey(name); err != nil {
			return err
		}
		if fields[name] != nil {
			return fmt.Errorf("the job has two fields %q", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		fields[name] = value
	}
	var env map[string]*string
	if nested, ok := fields["env"]; ok && json.Unmarshal(nested, &env) == nil {
		for name, value := range env {
			if value == nil {
				return fmt.Errorf("variable %s is null; list a variable that is to be removed in unset", name)
			}
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
		name := f.Tag.Get("json")
		if name == "-" {
			continue
		}
		if name == key {
			return nil
		}
		known = append(known, name)
	}
	if best, ok := nearest.Name(key, known); ok {
		return fmt.Errorf("a job has no %q; did you mean %q?", key, best)
	}
	return fmt.Errorf("a job has no %q, but %s", key, strings.Join(known, ", "))
}

// DecodeTOML reads a TOML document with a [[jobs]] table for each job, and returns the
// group of all jobs. An error begins with the number of its line.
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
