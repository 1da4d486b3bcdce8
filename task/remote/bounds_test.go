package remote_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

// noted is an error of a type that crosses.
type noted struct{ Note string }

func (n *noted) Error() string { return "noted" }

func init() { remote.Type[*noted]("noted") }

// joined returns n errors that are not known to the codec, and others after them.
func joined(n int, others ...error) error {
	return errors.Join(append(slices.Repeat([]error{errors.New("x")}, n), others...)...)
}

func TestHowMuchOfAnErrorCrosses(t *testing.T) {
	const text = 64 << 10
	quoted := len(`{"Note":""}`)
	for _, test := range []struct {
		reason string
		err    error
		want   int // how many errors of type noted are found
	}{
		{"the thousandth error of a tree", joined(998, &noted{}), 1},
		{"the one after it", joined(999, &noted{}), 0},
		{"a hundred of known types", joined(0, slices.Repeat([]error{&noted{}}, 100)...), 100},
		{"more than a hundred", joined(0, slices.Repeat([]error{&noted{}}, 150)...), 100},
		{"as much as 64 KiB in one", &noted{strings.Repeat("x", text-quoted)}, 1},
		{"more than that", &noted{strings.Repeat("x", text-quoted+1)}, 0},
	} {
		assert.Len(t, remote.NewFailure(test.err).As, test.want, test.reason)
	}

	whole := strings.Repeat("x", text)
	assert.EqualError(t, crossed(t, errors.New(whole)), whole)
	assert.EqualError(t, crossed(t, errors.New(whole+"y")), whole+"…")
}

func TestHowMuchOfAFailureIsBelieved(t *testing.T) {
	f := &remote.Failure{Text: "text", Is: slices.Repeat([]string{"io.EOF"}, 200)}
	for range 200 {
		f.As = append(f.As, remote.TypedFailure{Type: "noted", Value: []byte("{}")})
	}
	parts, ok := f.Err().(interface{ Unwrap() []error })
	require.True(t, ok)
	assert.Len(t, parts.Unwrap(), 200, "a hundred of each")
}

func TestAWrappedSentinelKeepsItsText(t *testing.T) {
	err := crossed(t, fmt.Errorf("reading: %w", io.EOF))
	require.EqualError(t, err, "reading: EOF")
	require.ErrorIs(t, err, io.EOF)

	err = crossed(t, errors.New("EOF"))
	require.EqualError(t, err, "EOF")
	assert.NotErrorIs(t, err, io.EOF)
}

func TestNames(t *testing.T) {
	decode := func(id string) error {
		_, err := remote.DecodeJob(ctxwire.Map{"Heirloom-Job": "1 " + id + " f 30 10 3 0"}, nil, noon)
		return err
	}
	for _, name := range []string{"azAZ09-_", "a", strings.Repeat("x", 64)} {
		assert.NoError(t, decode(name), name)
	}
	// The neighbours of the characters that a name may have.
	for _, name := range []string{"`", "{", "@", "[", "/", ":", ",", "^", strings.Repeat("x", 65)} {
		assert.ErrorIs(t, decode(name), remote.ErrMalformed, name)
	}
}

func TestDeliveriesAreFew(t *testing.T) {
	assert.NotPanics(t, func() { remote.Deliveries(1); remote.Deliveries(1000) })
	assert.Panics(t, func() { remote.Deliveries(1001) })

	job := func(deliveries int) int {
		j, err := remote.DecodeJob(ctxwire.Map{"Heirloom-Job": fmt.Sprintf("1 job1 f 30 10 %d 0", deliveries)}, nil, noon)
		require.NoError(t, err)
		return j.Deliveries
	}
	assert.Equal(t, 999, job(999))
	assert.Equal(t, 1000, job(5000))
}

// An error names a word by its number, from one, and only the first fault is reported.
func TestFaultOfAMessage(t *testing.T) {
	_, err := remote.DecodeJob(ctxwire.Map{"Heirloom-Job": "1 job1 f soon 0 3 0"}, nil, noon)
	assert.ErrorContains(t, err, `word 4 is "soon"`)
	_, err = remote.DecodeJob(ctxwire.Map{"Heirloom-Job": "1 job1 f 30"}, nil, noon)
	assert.ErrorContains(t, err, "4 words of 7")
	_, err = remote.DecodeOutcome(ctxwire.Map{"Heirloom-Outcome": "1 1 good w"}, nil)
	assert.ErrorContains(t, err, `an outcome that is "good"`)
}

func TestNoDeadlineTravels(t *testing.T) {
	job := aJob()
	job.Deadline = time.Time{}
	header, body := job.Encode(noon)
	got, err := remote.DecodeJob(header, body, noon)
	require.NoError(t, err)
	assert.True(t, got.Deadline.IsZero())
}

// numbered is an error that is no pointer, and of a type that crosses.
type numbered struct{ Number int }

func (n numbered) Error() string { return "numbered" }

func init() { remote.Type[numbered]("numbered") }

func TestWhichValuesOfAnErrorAreBelieved(t *testing.T) {
	var n numbered
	require.ErrorAs(t, crossed(t, numbered{7}), &n)
	assert.Equal(t, 7, n.Number)

	null := &remote.Failure{Text: "text", As: []remote.TypedFailure{{Type: "noted", Value: []byte("null")}}}
	var none *noted
	assert.NotErrorAs(t, null.Err(), &none, "a nil pointer is no error")
}
