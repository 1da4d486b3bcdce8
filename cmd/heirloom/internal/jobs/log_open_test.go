package jobs_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A file that is no log must have been named by mistake, and nobody's files are harmed.
func TestCreateLogKeepsOtherFiles(t *testing.T) {
	for _, text := range []string{"make a\nmake b\n", "\n", `{"name": "precious"}`, `{"name": "precious"}` + "\n", "{", "\x00",
		`{"number":17,"state":"open","title":"precious"}` + "\n", `{"state":"CA"}` + "\n", `{"number":17,"title":"precious"}`, `{"number":17,"title":"precious`,
		`{"run":"precious things`, strings.Replace(record("a", "ok", "0"), "}", `,"stdout":"precious"}`, 1), record("a", "ok", "0")[1:], "\xff\xfe",
		"[" + record("a", "ok", "0") + "]", strings.TrimSpace(record("a", "ok", "0")) + "{}\n"} {
		path := writeLog(t, text)
		_, err := jobs.CreateLog(path)
		require.ErrorContains(t, err, "not a job log", text)
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(kept))
	}
	for _, text := range []string{"", record("a", "ok", "0") + "anything", `{"run":"X"}` + "\n", `{"number":1,"jo`, `{"run":"`, "\ufeff" + record("a", "ok", "0")} {
		log, err := jobs.CreateLog(writeLog(t, text))
		require.NoError(t, err, text)
		require.NoError(t, log.Close())
	}
}

// Two runs would empty each other's log, or run each other's jobs again.
func TestALogIsOfOneRun(t *testing.T) {
	first := record("a", "ok", "0")
	for _, open := range []func(string) (*jobs.Log, error){jobs.CreateLog, jobs.ResumeLog} {
		path := writeLog(t, "")
		log, err := open(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(first+`{"num`), 0o644))
		for _, other := range []func(string) (*jobs.Log, error){jobs.CreateLog, jobs.ResumeLog} {
			_, err := other(path)
			require.ErrorContains(t, err, path+": another run writes to this log")
		}
		read, err := jobs.ReadLog(path)
		require.NoError(t, err, "looking into it is no harm")
		run, _ := resumed(t, read, "a", "b")
		assert.Equal(t, []string{"b"}, run)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, first+`{"num`, string(text))
		require.NoError(t, log.Close())
		log, err = open(path)
		require.NoError(t, err, "the run has ended")
		require.NoError(t, log.Close())
	}
	for range 2 {
		log, err := jobs.CreateLog(os.DevNull)
		require.NoError(t, err, "it keeps nothing")
		defer log.Close()
	}
}

func TestReadLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := jobs.ReadLog(path)
	require.NoError(t, err)
	run, _ := resumed(t, log, "a")
	assert.Equal(t, []string{"a"}, run)
	assert.NoFileExists(t, path)
	_, err = jobs.ReadLog(writeLog(t, "no log\n"))
	require.ErrorContains(t, err, "line 1 is not a line of a job log")
	_, err = jobs.ReadLog(t.TempDir())
	require.Error(t, err)
}

// Nobody can make space in a device, so that a run must not wait for it.
func TestALogOnAFullDevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is /dev/full on Linux only")
	}
	log, err := jobs.CreateLog("/dev/full")
	require.NoError(t, err)
	defer log.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := jobs.Options{Limit: 1, Shell: posixShell(t), Log: log, Output: jobs.Whole(io.Discard, io.Discard, false)}
	_, err = jobs.RunStream(ctx, jobs.Commands([]string{"true", "true"}), o)
	require.ErrorContains(t, err, "job log: write /dev/full")
	require.NoError(t, ctx.Err())
}
