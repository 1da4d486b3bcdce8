//go:build unix

package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func newHost(t *testing.T) *jobs.Host {
	return &jobs.Host{Shell: posixShell(t), Environ: os.Environ(), Processes: new(jobs.Processes)}
}

func TestRunPiped(t *testing.T) {
	var stdout, stderr bytes.Buffer
	a := &jobs.Attempt{Command: "cat; echo b >&2; exit 3"}
	end := newHost(t).RunPiped(t.Context(), a, strings.NewReader("a"), &stdout, &stderr)
	assert.Equal(t, &jobs.End{State: jobs.Failed, Exit: 3}, end)
	assert.Equal(t, "a", stdout.String())
	assert.Equal(t, "b\n", stderr.String())
}

func TestRunPipedToAWriterThatFails(t *testing.T) {
	for _, test := range []struct {
		command string
		want    jobs.End
	}{
		{"echo a", jobs.End{State: jobs.Failed, Error: "its output may be cut short: cannot write to standard output: input/output error"}},
		{"echo a; exit 3", jobs.End{State: jobs.Failed, Exit: 3}},
	} {
		end := newHost(t).RunPiped(t.Context(), &jobs.Attempt{Command: test.command}, nil, new(failingOnce), new(bytes.Buffer))
		assert.Equal(t, &test.want, end)
	}
}

func TestHowACommandIsNotStarted(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		reason string
		ctx    context.Context
		a      jobs.Attempt
		state  jobs.State
		text   string
	}{
		{"too long", t.Context(), jobs.Attempt{Command: "true '" + strings.Repeat("x", 2_000_000) + "'"}, jobs.Failed, "the command is 2000007 bytes long"},
		{"no directory", t.Context(), jobs.Attempt{Command: "true", Dir: "/no/such"}, jobs.Failed, "stat /no/such: no such file or directory"},
		{"over before it began", ended, jobs.Attempt{Command: "true"}, jobs.Canceled, ""},
		{"its time was up before it began", t.Context(), jobs.Attempt{Command: "sleep 60", Timeout: time.Nanosecond}, jobs.TimedOut, ""},
	} {
		end := newHost(t).Run(test.ctx, &test.a, nil, nil, nil)
		assert.Equal(t, test.state, end.State, test.reason)
		assert.Contains(t, end.Error, test.text, test.reason)
		assert.Equal(t, test.text == "", end.Error == "", test.reason)
	}
}

func TestHowASignalEndsACommand(t *testing.T) {
	end := newHost(t).Run(t.Context(), &jobs.Attempt{Command: "kill -USR1 $$"}, nil, nil, nil)
	assert.Equal(t, &jobs.End{State: jobs.Failed, Exit: 128 + int(syscall.SIGUSR1), Signal: "SIGUSR1"}, end)
}

// The keys of a terminal signal the run and its command, of which the run may not know.
func TestTheTerminalInterruptsTheRun(t *testing.T) {
	for command, signal := range map[string]syscall.Signal{
		"kill -INT $$": syscall.SIGINT, "kill -QUIT $$": syscall.SIGQUIT, "kill -USR1 $$": 0,
	} {
		b := newBench(t)
		b.TTY, b.Limit = true, 1
		_, err := b.stream(t, t.Context(), command)
		if signal == 0 {
			assert.NoError(t, err, command)
			continue
		}
		var interrupted *jobs.Interrupted
		require.ErrorAs(t, err, &interrupted, command)
		assert.Equal(t, signal, interrupted.Signal)
	}
}

func TestInterruptedTravels(t *testing.T) {
	text, err := json.Marshal(&jobs.Interrupted{Signal: syscall.SIGINT})
	require.NoError(t, err)
	assert.Equal(t, `"SIGINT"`, string(text))
	var got jobs.Interrupted
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, syscall.SIGINT, got.Signal)
	assert.Equal(t, 130, got.ExitCode())
	require.ErrorContains(t, json.Unmarshal([]byte(`"SIGNAL"`), &got), `no signal "SIGNAL"`)
	require.Error(t, json.Unmarshal([]byte("1"), &got))
	assert.Equal(t, "interrupted by SIGINT", (&jobs.Interrupted{Signal: syscall.SIGINT}).Error())
}

func TestWhoReadsTheInput(t *testing.T) {
	for _, test := range []struct {
		reason string
		set    func(b *bench, input *os.File)
		want   string
	}{
		{"the one with the terminal", func(b *bench, input *os.File) { b.TTY, b.Input = true, input }, "1input2"},
		{"the one with the terminal, where there is no input", func(b *bench, _ *os.File) { b.TTY = true }, "12"},
		{"the first", func(b *bench, input *os.File) { b.Stdin, b.Input = jobs.First, input }, "1input2"},
		{"the first, where there is no input", func(b *bench, _ *os.File) { b.Stdin = jobs.First }, "12"},
		{"nobody", func(b *bench, input *os.File) { b.Input = input }, "12"},
	} {
		b := newBench(t)
		b.Limit = 1
		path := filepath.Join(t.TempDir(), "input")
		require.NoError(t, os.WriteFile(path, []byte("input"), 0o600))
		input, err := os.Open(path)
		require.NoError(t, err)
		test.set(b, input)
		_, err = b.stream(t, t.Context(), "printf 1; cat", "printf 2; cat")
		require.NoError(t, err)
		assert.Equal(t, test.want, b.stdout.String(), test.reason)
		input.Close()
	}
}
