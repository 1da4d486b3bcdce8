package ctxvar_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Profiles are taken one at a time, so that each has one goroutine in dumpSelf.
var dumpMutex sync.Mutex

// ownLabels returns the labels of the calling goroutine in a goroutine profile in the
// binary format: "key=value", sorted by key.
func ownLabels() []string {
	samples, err := decodeProfile(dump(0))
	if err != nil {
		panic(err)
	}
	for _, s := range samples {
		if s.in("dumpSelf") {
			return s.labels
		}
	}
	panic("the profile lacks the goroutine that takes it")
}

var labelsLine = regexp.MustCompile(`(?m)^# labels: (.*)$`)

// ownTextLabels returns them as a goroutine profile in the text format shows them, or
// "{}" for none, although the profile shows nothing if there never were any.
func ownTextLabels() string {
	text := string(dump(1))
	for record := range strings.SplitSeq(text, "\n\n") {
		if !strings.Contains(record, "ctxvar_test.dumpSelf+") {
			continue
		}
		if m := labelsLine.FindStringSubmatch(record); m != nil {
			return m[1]
		}
		return "{}"
	}
	panic("the profile lacks the goroutine that takes it:\n" + text)
}

// dump takes a profile of all goroutines. One of them, the calling one, is in dumpSelf.
// Goroutines that wait for their turn are not there yet.
func dump(debug int) []byte {
	dumpMutex.Lock()
	defer dumpMutex.Unlock()
	return dumpSelf(debug)
}

//go:noinline
func dumpSelf(debug int) []byte {
	var out bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&out, debug); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// A sample is a sample of a profile in the binary format: the names of the functions on
// its stack, and its labels as "key=value", in their order.
type sample struct {
	functions []string
	labels    []string
}

// in reports whether the function of this package is on the stack of s.
func (s sample) in(function string) bool {
	return slices.ContainsFunc(s.functions, func(name string) bool {
		return strings.HasSuffix(name, "ctxvar_test."+function)
	})
}

// parseProfile decodes the parts of a gzipped pprof profile that the tests look at, and
// fails if a part refers to a string or a function that is missing.
func parseProfile(t *testing.T, data []byte) []sample {
	t.Helper()
	samples, err := decodeProfile(data)
	require.NoError(t, err)
	return samples
}

// The numbers of the fields, from profile.proto.
const (
	profileSample, profileLocation, profileFunction, profileString = 2, 4, 5, 6
	sampleLocation, sampleLabel                                    = 1, 3
	labelKey, labelString                                          = 1, 2
	locationID, locationLine                                       = 1, 4
	lineFunction                                                   = 1
	functionID, functionName                                       = 1, 2
)

func decodeProfile(data []byte) ([]sample, error) {
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		return nil, err
	}
	profile, err := decodeMessage(raw)
	if err != nil {
		return nil, err
	}
	text := func(i uint64) (string, error) {
		if i >= uint64(len(profile[profileString])) {
			return "", fmt.Errorf("string %d of %d", i, len(profile[profileString]))
		}
		return string(profile[profileString][i].bytes), nil
	}

	functions := make(map[uint64]string)
	for _, f := range profile[profileFunction] {
		m, err := decodeMessage(f.bytes)
		if err != nil {
			return nil, err
		}
		if functions[m.number(functionID)], err = text(m.number(functionName)); err != nil {
			return nil, err
		}
	}
	locations := make(map[uint64][]string)
	for _, l := range profile[profileLocation] {
		m, err := decodeMessage(l.bytes)
		if err != nil {
			return nil, err
		}
		for _, line := range m[locationLine] {
			lm, err := decodeMessage(line.bytes)
			if err != nil {
				return nil, err
			}
			name, ok := functions[lm.number(lineFunction)]
			if !ok {
				return nil, fmt.Errorf("function %d is missing", lm.number(lineFunction))
			}
			id := m.number(locationID)
			locations[id] = append(locations[id], name)
		}
	}

	var samples []sample
	for _, s := range profile[profileSample] {
		m, err := decodeMessage(s.bytes)
		if err != nil {
			return nil, err
		}
		var got sample
		for _, location := range m[sampleLocation] {
			ids := []uint64{location.number}
			if location.bytes != nil {
				if ids, err = decodePacked(location.bytes); err != nil {
					return nil, err
				}
			}
			for _, id := range ids {
				got.functions = append(got.functions, locations[id]...)
			}
		}
		for _, label := range m[sampleLabel] {
			lm, err := decodeMessage(label.bytes)
			if err != nil {
				return nil, err
			}
			if len(lm) == 0 {
				// A label of two empty strings leaves nothing in the format, and its readers do
				// not treat it as a label.
				continue
			}
			key, err := text(lm.number(labelKey))
			if err != nil {
				return nil, err
			}
			value, err := text(lm.number(labelString))
			if err != nil {
				return nil, err
			}
			got.labels = append(got.labels, key+"="+value)
		}
		samples = append(samples, got)
	}
	return samples, nil
}

// A field is a value of protobuf's wire format: a number, or bytes.
type field struct {
	number uint64
	bytes  []byte
}

// A message is the fields of one, by number, in their order.
type message map[uint64][]field

func (m message) number(i uint64) uint64 {
	if len(m[i]) == 0 {
		return 0
	}
	return m[i][0].number
}

var errWire = errors.New("not protobuf's wire format")

func decodeMessage(data []byte) (message, error) {
	m := make(message)
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errWire
		}
		data = data[n:]
		number, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errWire
		}
		data = data[n:]
		f := field{number: number}
		switch tag & 7 {
		case 0: // a varint
		case 2: // a length, and as many bytes
			if number > uint64(len(data)) {
				return nil, errWire
			}
			f = field{bytes: data[:number:number]}
			data = data[number:]
		default: // fixed widths, which pprof does not use
			return nil, errWire
		}
		m[tag>>3] = append(m[tag>>3], f)
	}
	return m, nil
}

func decodePacked(data []byte) ([]uint64, error) {
	var list []uint64
	for len(data) > 0 {
		number, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errWire
		}
		list = append(list, number)
		data = data[n:]
	}
	return list, nil
}
