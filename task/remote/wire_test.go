package remote_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func aJob() *remote.Job {
	return &remote.Job{
		ID: "job1", Func: "f", Arg: []byte(`{"a":1}`), Vars: ctxwire.Map{"X-Tenant": "acme", "empty": ""},
		Deadline: noon.Add(time.Minute), Deliveries: 3, Lease: 30 * time.Second, Grace: time.Second, Backlog: 5,
	}
}

func TestJobTravels(t *testing.T) {
	header, body := aJob().Encode(noon)
	// An hour of difference between the clocks makes none to the time left.
	got, err := remote.DecodeJob(header, body, noon.Add(time.Hour))
	require.NoError(t, err)
	want := aJob()
	want.Deadline = noon.Add(time.Hour + time.Minute)
	want.Backlog = 0 // concerns the caller alone
	assert.Equal(t, want, got)
}

func TestJobWhoseTimeIsOverTravels(t *testing.T) {
	header, body := aJob().Encode(noon.Add(time.Hour))
	got, err := remote.DecodeJob(header, body, noon)
	require.NoError(t, err)
	assert.Equal(t, noon.Add(1), got.Deadline, "over, and not without a limit")
}

func TestMalformedJobs(t *testing.T) {
	for _, test := range []struct{ reason, key, value string }{
		{"no version", "Heirloom-Version", ""},
		{"the version of a later release", "Heirloom-Version", "2"},
		{"no ID", "Heirloom-Job", ""},
		{"an ID that would be another subject", "Heirloom-Job", "a.b"},
		{"a wildcard", "Heirloom-Func", "*"},
		{"a path", "Heirloom-Func", "../x"},
		{"no number", "Heirloom-Lease", "soon"},
		{"a negative number", "Heirloom-Grace", "-1"},
		{"a number that is too large", "Heirloom-Left", "99999999999999999999"},
		{"zero", "Heirloom-Deliveries", "0"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			header, body := aJob().Encode(noon)
			header[test.key] = test.value
			_, err := remote.DecodeJob(header, body, noon)
			require.ErrorIs(t, err, remote.ErrMalformed)
		})
	}
}

func TestOutcomeTravels(t *testing.T) {
	for _, want := range []*remote.Outcome{
		{Worker: "w", Delivery: 2, Result: []byte(`"x"`)},
		{Worker: "w", Delivery: 1, Failure: &remote.Failure{
			Text: "text\n\x00", Canceled: true, Is: []string{"io.EOF"},
			As: []remote.TypedFailure{{Type: "t", Value: json.RawMessage(`{"a":1}`)}},
		}},
	} {
		header, body := want.Encode()
		got, err := remote.DecodeOutcome(header, body)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// What cannot be JSON costs what it would have said, and not the outcome.
func TestOutcomeWithAValueThatIsNoJSON(t *testing.T) {
	header, body := (&remote.Outcome{Worker: "w", Delivery: 1, Failure: &remote.Failure{
		Text: "text", As: []remote.TypedFailure{{Type: "t", Value: json.RawMessage("{")}},
	}}).Encode()
	got, err := remote.DecodeOutcome(header, body)
	require.NoError(t, err)
	assert.Equal(t, &remote.Failure{Text: "text"}, got.Failure)
}

// Anybody may send a message. It is a job or an outcome, or it is malformed, and
// what is a job is the same one after another journey.
func FuzzDecode(f *testing.F) {
	f.Add("1", "job1", "f", "30", "10", "3", "1", "true", []byte(`{"text":"x","is":["io.EOF"],"as":[{"type":"task.PanicError","value":{}}]}`))
	f.Add("1", "job1", "f", "30", "10", "3", "1", "", []byte("null"))
	f.Add("0", "", "", "", "", "", "", "", []byte{0xff})
	f.Fuzz(func(t *testing.T, version, id, fn, lease, grace, deliveries, delivery, failed string, body []byte) {
		header := ctxwire.Map{
			"Heirloom-Version": version, "Heirloom-Job": id, "Heirloom-Func": fn, "Heirloom-Lease": lease,
			"Heirloom-Grace": grace, "Heirloom-Deliveries": deliveries, "Heirloom-Delivery": delivery,
			"Heirloom-Failed": failed, "Heirloom-Var-X": fn,
		}
		if job, err := remote.DecodeJob(header, body, noon); err == nil {
			header, body := job.Encode(noon)
			again, err := remote.DecodeJob(header, body, noon)
			require.NoError(t, err)
			assert.Equal(t, job, again)
		} else {
			assert.ErrorIs(t, err, remote.ErrMalformed)
		}
		outcome, err := remote.DecodeOutcome(header, body)
		if err != nil {
			assert.ErrorIs(t, err, remote.ErrMalformed)
			return
		}
		if err := outcome.Failure.Err(); err != nil {
			_ = err.Error()
			_ = errors.Is(err, remote.ErrLost)
		}
	})
}
