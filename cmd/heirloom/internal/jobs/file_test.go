package jobs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func ptr[T any](v T) *T { return &v }

var decoded = []*jobs.Job{
	{
		Name: "build", Command: "make", Env: map[string]string{"MODE": "release"}, Dir: "src",
		Timeout: ptr(jobs.Duration{Duration: 90 * time.Second}), Retries: ptr(2),
	},
	{Name: "test", Needs: []string{"build"}, Jobs: []*jobs.Job{{Command: "go test"}}},
}

func TestDecodeJSONLines(t *testing.T) {
	root, err := jobs.DecodeJSONLines(strings.NewReader(`
{"name": "build", "command": "make", "env": {"MODE": "release"}, "dir": "src", "timeout": "90s", "retries": 2}

{"name": "test", "needs": ["build"], "jobs": [{"command": "go test"}]}
`))
	require.NoError(t, err)
	assert.Equal(t, decoded, root.Jobs)
}

func TestDecodeTOML(t *testing.T) {
	root, err := jobs.DecodeTOML(strings.NewReader(`
env = {CI = "1"}

[[jobs]]
name = "build"
command = "make"
env = {MODE = "release"}
dir = "src"
timeout = "90s"
retries = 2

[[jobs]]
name = "test"
needs = ["build"]

[[jobs.jobs]]
command = "go test"
`))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"CI": "1"}, root.Env)
	assert.Equal(t, decoded, root.Jobs)
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ text, reason, want string }{
		{`{"command": "x", "retires": 2}`, "a misspelt field", `line 1: a job has no "retires"; did you mean "retries"?`},
		{`{"Command": "x"}`, "fields are in lower case", `line 1: a job has no "Command"; did you mean "command"?`},
		{`{"xyzzy": "x"}`, "a field like no other", `line 1: a job has no "xyzzy", but name, command, env, unset, dir, timeout, retries, needs, jobs`},
		{`{"jobs": [{"comand": "x"}]}`, "a misspelt field within", `line 1: a job has no "comand"; did you mean "command"?`},
		{"\n" + `{"command": 3}`, "another type", `line 2: command has the wrong type (number)`},
		{`{"timeout": "5"}`, "no duration", `line 1: "5" is not a duration; write it as "90s" or "1h30m"`},
		{`{"timeout": "-5s"}`, "a negative one", `line 1: duration "-5s" is negative`},
		{`[]`, "no object", `line 1: not a JSON object (array)`},
		{`{"command": "x"`, "half an object", `line 1: the JSON object does not end on its line`},
		{`{"command": "x"} {}`, "two objects", `line 1: there is more than one JSON object on the line`},
		{`make`, "no JSON at all", `line 1: invalid character 'm' looking for beginning of value`},
		{"[[jobs]]\ncomand = 'x'", "TOML: a misspelt field", `line 2: a job has no "comand"; did you mean "command"?`},
		{"[[jobs]]\ncommand = 3", "TOML: another type", `line 2: `},
		{"[[jobs]\n", "TOML: broken", `line 1: `},
		{"[[jobs]]\n\ntimeout = '5'", "TOML: no duration", `line 3: "5" is not a duration; write it as "90s" or "1h30m"`},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			decode := jobs.DecodeJSONLines
			if strings.HasPrefix(tt.reason, "TOML") {
				decode = jobs.DecodeTOML
			}
			_, err := decode(strings.NewReader(tt.text))
			require.Error(t, err)
			assert.Equal(t, tt.want, err.Error()[:min(len(tt.want), len(err.Error()))], err.Error())
			if !strings.HasSuffix(tt.want, ": ") {
				assert.EqualError(t, err, tt.want)
			}
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"command": "x", "jobs": [{}]}`)
	f.Add("[[jobs]]\nname = 'x'\nneeds = ['x']")
	f.Fuzz(func(t *testing.T, text string) {
		for _, decode := range []func(string) (*jobs.Job, error){
			func(s string) (*jobs.Job, error) { return jobs.DecodeJSONLines(strings.NewReader(s)) },
			func(s string) (*jobs.Job, error) { return jobs.DecodeTOML(strings.NewReader(s)) },
		} {
			root, err := decode(text)
			if err == nil {
				jobs.NewPlan(root) // must not panic
			}
		}
	})
}
