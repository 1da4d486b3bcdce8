package jobs_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func readLog(t *testing.T, path string) (results []*jobs.Result) {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		r := new(jobs.Result)
		require.NoError(t, json.Unmarshal([]byte(line), r), line)
		results = append(results, r)
	}
	return results
}

// resumed runs the commands with the log, and returns those that were run.
func resumed(t *testing.T, log *jobs.Log, commands ...string) (run []string, sum *jobs.Summary) {
	t.Helper()
	defer log.Close()
	o := jobs.Options{Limit: 1, Shell: posixShell(t), Log: log}
	var ran []string
	o.Explain = func(r *jobs.Result) error {
		ran = append(ran, r.Command)
		return nil
	}
	o.Output = jobs.Whole(os.Stdout, os.Stderr, false)
	sum, err := jobs.RunStream(t.Context(), jobs.Commands(commands), o)
	require.NoError(t, err)
	return ran, sum
}

func writeLog(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func record(command, state string, repeat string) string {
	return `{"number":1,"job":"` + command + `","command":"` + command + `","state":"` + state + `","repeat":` + repeat + "}\n"
}

func TestResumeLog(t *testing.T) {
	tests := []struct {
		name, reason, log string
		run               []string
	}{
		{"empty", "nothing was done", "", []string{"a", "b", "b"}},
		{"done", "what succeeded is not run again", record("a", "ok", "0"), []string{"b", "b"}},
		{"failed", "what did not is", record("a", "failed", "0") + record("b", "canceled", "0"), []string{"a", "b", "b"}},
		{"last", "the last word counts", record("a", "ok", "0") + record("a", "failed", "0") + record("b", "failed", "0") + record("b", "ok", "0"),
			[]string{"a", "b"}},
		{"repeat", "of two that are the same, one", record("b", "ok", "1"), []string{"a", "b"}},
		{"both", "and the other", record("b", "ok", "1") + record("b", "ok", "0"), []string{"a"}},
		{"others", "jobs that are gone mean nothing", record("c", "ok", "0"), []string{"a", "b", "b"}},
		{"torn", "a last line that was not finished", record("a", "ok", "0") + `{"number":2,"job":"b","comm`, []string{"b", "b"}},
		{"whole", "a last line that lacks nothing but its end", strings.TrimSuffix(record("b", "ok", "0")+record("a", "ok", "0"), "\n"), []string{"b"}},
		{"mark", "a byte order mark, of an editor's", "\ufeff" + record("a", "ok", "0"), []string{"b", "b"}},
		{"blank", "blank lines", "\n" + record("a", "ok", "0") + "\n", []string{"b", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			path := writeLog(t, tt.log)
			log, err := jobs.ResumeLog(path)
			require.NoError(t, err)
			run, sum := resumed(t, log, "a", "b", "b")
			assert.Equal(t, tt.run, run, tt.reason)
			assert.Equal(t, 3-len(tt.run), sum.Resumed)
			assert.Equal(t, len(tt.run), sum.OK)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, len(text) == 0 || strings.HasSuffix(string(text), "\n"), "what was not finished is taken away, so that the next line is whole")
		})
	}
}

func TestResumeLogRefusesOtherFiles(t *testing.T) {
	path := writeLog(t, record("a", "ok", "0")+"root:x:0:0\n")
	_, err := jobs.ResumeLog(path)
	assert.EqualError(t, err, path+": line 2 is not a line of a job log")
	// What has no end may be no line either, and then is not taken away.
	for text, line := range map[string]string{
		"{}\n": "line 1", "precious": "line 1", `{"number": 17`: "line 1", `{"name":`: "line 1", record("a", "ok", "0") + "precious": "line 2",
		`{"number":17,"state":"open"}` + "\n":                    "line 1",
		record("a", "ok", "0") + `{"number":2,"title":"precious`: "line 2", record("a", "unheard of", "0"): "line 1",
		strings.Replace(record("a", "ok", "0"), "}", `,"stdout":"precious"}`, 1): "line 1",
	} {
		path := writeLog(t, text)
		_, err := jobs.ResumeLog(path)
		require.ErrorContains(t, err, line+" is not", text)
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(kept))
	}

	_, err = jobs.ResumeLog(filepath.Join(t.TempDir(), "no", "log"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = jobs.CreateLog(filepath.Join(t.TempDir(), "no", "log"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestCreateLogStartsAnew(t *testing.T) {
	path := writeLog(t, record("a", "ok", "0"))
	log, err := jobs.CreateLog(path)
	require.NoError(t, err)
	run, _ := resumed(t, log, "a")
	assert.Equal(t, []string{"a"}, run)
	require.NoError(t, log.Close(), "closing twice is no mistake")
	assert.Empty(t, readLog(t, path))
}

func TestTheRunOfALog(t *testing.T) {
	path := writeLog(t, "")
	log, err := jobs.CreateLog(path)
	require.NoError(t, err)
	name, err := log.Run()
	require.NoError(t, err)
	require.NotEmpty(t, name)
	again, err := log.Run()
	require.NoError(t, err)
	assert.Equal(t, name, again)
	require.NoError(t, log.Close())

	log, err = jobs.ResumeLog(path)
	require.NoError(t, err)
	later, err := log.Run()
	require.NoError(t, err)
	assert.Equal(t, name, later)
	require.NoError(t, log.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(text), "\n"), "it is written once")

	closed, err := jobs.CreateLog(writeLog(t, ""))
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	_, err = closed.Run()
	require.Error(t, err)
}

// Attempts elsewhere are known by their ID when a run is resumed, and not taken for
// those of a job that ended.
func TestTheIDsOfAttempts(t *testing.T) {
	path := writeLog(t, "")
	ids := func(state jobs.State, log *jobs.Log) (all []string) {
		o := jobs.Options{Limit: 1, Retries: 1, Log: log, Output: jobs.Whole(os.Stdout, os.Stderr, false)}
		o.Elsewhere = func(_ context.Context, a *jobs.Attempt, _ func(int, jobs.Stdio, []byte)) (*jobs.End, int, error) {
			all = append(all, a.ID)
			return &jobs.End{State: state}, 1, nil
		}
		_, err := jobs.RunStream(t.Context(), jobs.Commands([]string{"a", "a"}), o)
		require.NoError(t, err)
		require.NoError(t, log.Close())
		return all
	}
	log, err := jobs.CreateLog(path)
	require.NoError(t, err)
	first := ids(jobs.Failed, log)
	log, err = jobs.ResumeLog(path)
	require.NoError(t, err)
	second := ids(jobs.Failed, log)
	seen := map[string]bool{}
	for _, id := range append(first, second...) {
		assert.Regexp(t, `^[0-9a-f]{32}-\d+-\d+$`, id)
		assert.False(t, seen[id], id)
		seen[id] = true
	}
	assert.Len(t, seen, 8)
	assert.True(t, strings.HasSuffix(first[0], "-0-1"))
	assert.True(t, strings.HasSuffix(second[1], "-1-2"))

	other, err := jobs.CreateLog(writeLog(t, ""))
	require.NoError(t, err)
	assert.Equal(t, first, ids(jobs.Failed, other), "the same in a run of the same jobs")
	assert.Equal(t, []string{"", "", "", ""}, ids(jobs.Failed, nil), "nobody can resume it")
}

func TestWriteCommand(t *testing.T) {
	var b strings.Builder
	r := &jobs.Result{Number: 7, Job: "<a>", Command: "echo a\xff", CommandBytes: []byte("echo a\xff")}
	require.NoError(t, r.WriteCommand(&b))
	// JSON has two ways to write U+FFFD, and encoding/json's choice follows the release of Go.
	assert.Equal(t, `{"number":7,"job":"<a>","command":"echo a�","command_base64":"ZWNobyBh/w=="}`+"\n",
		strings.ReplaceAll(b.String(), `\ufffd`, "�"))
	reader, closed := io.Pipe()
	require.NoError(t, reader.Close())
	require.ErrorIs(t, r.WriteCommand(closed), io.ErrClosedPipe)
}
