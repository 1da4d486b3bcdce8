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
	// An hour of difference between the clocks does not change the time left.
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
	for _, test := range []struct{ reason, text string }{
		{"nothing", ""},
		{"the version of a later release", "2 job1 f 30 10 3 0"},
		{"too few words", "1 job1 f 30 10 3"},
		{"too many words", "1 job1 f 30 10 3 0 0"},
		{"no ID", "1  f 30 10 3 0"},
		{"an ID that would be another subject", "1 a.b f 30 10 3 0"},
		{"a wildcard", "1 job1 * 30 10 3 0"},
		{"a path", "1 job1 ../x 30 10 3 0"},
		{"no number", "1 job1 f soon 10 3 0"},
		{"a negative number", "1 job1 f 30 -1 3 0"},
		{"a number that is too large", "1 job1 f 30 10 3 99999999999999999999"},
		{"zero", "1 job1 f 30 10 0 0"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			_, err := remote.DecodeJob(ctxwire.Map{"Heirloom-Job": test.text}, nil, noon)
			require.ErrorIs(t, err, remote.ErrMalformed)
		})
	}
	_, err := remote.DecodeJob(ctxwire.Map{"Heirloom-Job": "1 job1 f 30 10 3 0"}, nil, noon)
	require.NoError(t, err, "which the others are cases of")
}

func TestMalformedOutcomes(t *testing.T) {
	for _, text := range []string{"", "2 1 ok w", "1 1 ok", "1 0 ok w", "1 x ok w", "1 1 good w"} {
		_, err := remote.DecodeOutcome(ctxwire.Map{"Heirloom-Outcome": text}, nil)
		require.ErrorIs(t, err, remote.ErrMalformed, "%q", text)
	}
}

func TestOutcomeTravels(t *testing.T) {
	for _, want := range []*remote.Outcome{
		{Worker: "a host pid 7", Delivery: 2, Result: []byte(`"x"`)},
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

// A value that is not JSON is lost, but the outcome is not.
func TestOutcomeWithAValueThatIsNoJSON(t *testing.T) {
	header, body := (&remote.Outcome{Worker: "w", Delivery: 1, Failure: &remote.Failure{
		Text: "text", As: []remote.TypedFailure{{Type: "t", Value: json.RawMessage("{")}},
	}}).Encode()
	got, err := remote.DecodeOutcome(header, body)
	require.NoError(t, err)
	assert.Equal(t, &remote.Failure{Text: "text"}, got.Failure)
}

// Anyone may send a message. It is a job or an outcome, or it is malformed. A job is
// the same after it is sent again.
func FuzzDecode(f *testing.F) {
	f.Add("1 job1 f 30 10 3 0", "1 1 failed w", []byte(`{"text":"x","is":["io.EOF"],"as":[{"type":"task.PanicError","value":{}}]}`))
	f.Add("1 job1 f 30 10 3 5", "1 2 ok a host", []byte("null"))
	f.Add("0", "", []byte{0xff})
	f.Fuzz(func(t *testing.T, job, outcome string, body []byte) {
		header := ctxwire.Map{"Heirloom-Job": job, "Heirloom-Outcome": outcome, "Heirloom-Var-X": job}
		if job, err := remote.DecodeJob(header, body, noon); err == nil {
			header, body := job.Encode(noon)
			again, err := remote.DecodeJob(header, body, noon)
			require.NoError(t, err)
			assert.Equal(t, job, again)
		} else {
			assert.ErrorIs(t, err, remote.ErrMalformed)
		}
		ended, err := remote.DecodeOutcome(header, body)
		if err != nil {
			assert.ErrorIs(t, err, remote.ErrMalformed)
			return
		}
		if err := ended.Failure.Err(); err != nil {
			_ = err.Error()
			_ = errors.Is(err, remote.ErrLost)
		}
	})
}
