package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// watched serves a live view with one task in it, and returns its address.
func watched(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	view := taskhttp.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(view.Close)
	ctx, cancel := context.WithCancel(context.Background())
	failed := task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("first line\nsecond") }, task.Name("broken"))
	_, _ = failed.Await(ctx)
	waiting := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }, task.Name("evil\x1b[31m"))
	t.Cleanup(func() { cancel(); <-waiting.Done() })
	require.Eventually(t, func() bool { return waiting.State() == task.Waiting }, time.Minute, time.Millisecond)
	return server.Listener.Addr().String()
}

func TestPS(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("ps", addr)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, `"evil\x1b[31m" #`, "a name cannot steer the terminal")
	assert.Contains(t, stdout, "  waiting  ")
	assert.Contains(t, stdout, "  for sleep")

	for _, list := range []string{"--flat", "--sort=-name"} {
		code, stdout, _ = heirloom("ps", list, addr)
		require.Equal(t, 0, code)
		assert.Regexp(t, `^ID +PARENT +STATE +AGE +NAME +WAITING FOR\n\d+ +0 +waiting +\S+ +evil\\x1b\[31m +sleep\n$`, stdout)
	}
	for match, want := range map[string]int{"EVIL sleep": 1, "good": 0} {
		code, stdout, stderr = heirloom("ps", "--match", match, addr)
		require.Equal(t, 0, code)
		assert.Equal(t, want, strings.Count(stdout, "\n"), match)
		note := map[int]string{0: "heirloom: " + addr + " has no live tasks that match\n"}
		assert.Equal(t, note[want], stderr)
	}
	for _, format := range []string{"--json", "--flat"} {
		code, stdout, stderr = heirloom("ps", "--root", "987654321", format, addr)
		assert.Equal(t, 1, code)
		assert.Empty(t, stdout)
		assert.Equal(t, "heirloom: task 987654321 of "+addr+": no such task is live\n", stderr)
	}

	// The address of the page says what it shows, and flags have precedence.
	code, stdout, _ = heirloom("ps", addr+"?match=good")
	require.Equal(t, 0, code)
	assert.Empty(t, stdout)
	code, stdout, _ = heirloom("ps", "--match", "evil", addr+"?match=good&sort=name")
	require.Equal(t, 0, code)
	assert.Regexp(t, `^ID +PARENT`, stdout)
	code, _, stderr = heirloom("ps", addr+"?stack=1&key=secret")
	assert.Equal(t, 2, code)
	assert.NotContains(t, stderr, "secret")
	assert.Contains(t, stderr, "stack does not belong there; ps has --stack")

	code, stdout, _ = heirloom("ps", "--json", addr)
	require.Equal(t, 0, code)
	assert.Contains(t, stdout, `"finished":[{`)
	var view taskhttp.View
	require.NoError(t, json.Unmarshal([]byte(stdout), &view))
	id := strconv.FormatUint(view.Tasks[0].ID, 10)

	code, stdout, _ = heirloom("ps", "--stack", id, addr)
	require.Equal(t, 0, code)
	assert.Contains(t, stdout, "task.Sleep\n\t")
	code, stdout, _ = heirloom("ps", "--stack", id, "--json", addr)
	require.Equal(t, 0, code)
	assert.Contains(t, stdout, `"function":"github.com/heirloom-go/heirloom/task.Sleep"`)
	code, _, stderr = heirloom("ps", "--stack", "987654321", addr)
	assert.Equal(t, 1, code)
	assert.Equal(t, "heirloom: task 987654321 of "+addr+": no such task is live\n", stderr)
}

// JSON allows characters that control some terminals.
func TestPSJSONIsHarmless(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{\"time\":\"2001-01-01T00:00:00Z\",\"tasks\":[{\"name\":\"\u009b31m\u202e\"}]}")
	}))
	defer server.Close()
	for _, args := range [][]string{{"ps", "--json"}, {"top", "--json", "--count=1"}} {
		code, stdout, _ := heirloom(append(args, server.Listener.Addr().String())...)
		require.Equal(t, 0, code)
		assert.Contains(t, stdout, `"\u009b31m\u202e"`)
	}
}

func TestPSWithoutPrograms(t *testing.T) {
	var out, notes bytes.Buffer
	require.NoError(t, new(psFlags).printPrograms(&out, &notes, nil))
	assert.Empty(t, out.String())
	assert.Contains(t, notes.String(), "no program of yours can be inspected")
	require.NoError(t, (&psFlags{asJSON: true}).printPrograms(&out, &notes, nil))
	assert.Equal(t, "[]\n", out.String())
}

func TestTopPrintsPictures(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("top", addr, "--count", "2", "--interval", "10ms")
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, 2, strings.Count(stdout, "1 live (0 running, 1 waiting), 1 ended"))
	assert.Contains(t, stdout, "failed after")
	assert.Contains(t, stdout, ": first line\n")
	assert.NotContains(t, stdout, "\x1b", "what is not a terminal gets no escapes")
}

func TestTopPrintsJSONLines(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("top", addr, "--count", "2", "--interval", "10ms", "--json")
	require.Equal(t, 0, code, stderr)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		var view taskhttp.View
		require.NoError(t, json.Unmarshal([]byte(line), &view))
		require.Len(t, view.Tasks, 1)
		assert.Equal(t, "evil\x1b[31m", view.Tasks[0].Name)
		assert.Equal(t, task.Waiting, view.Tasks[0].State)
	}
}

func TestPicturesUntilInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		looks := 0
		err := snapshots(ctx, 0, time.Second, nil, func(_ context.Context, n int) error {
			looks++
			assert.Equal(t, looks, n)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 4, looks)
	})
}

func TestPicturesSurviveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		lost := &unreachedError{errors.New("nobody is there")}
		outcomes := []error{nil, lost, lost, nil, lost, nil}
		looks := 0
		err := snapshots(t.Context(), 3, time.Second, func(s string) { said = append(said, s) }, func(context.Context, int) error {
			looks++
			return outcomes[looks-1]
		})
		require.NoError(t, err)
		assert.Equal(t, len(outcomes), looks, "what counts are pictures")
		assert.Equal(t, []string{"nobody is there; trying again", "connected again", "nobody is there; trying again", "connected again"}, said)

		for _, tt := range []struct {
			reason   string
			outcomes []error
		}{
			{"the first", []error{lost}},
			{"a process that has ended", []error{nil, &unreachedError{&remote.GoneError{PID: 7}}}},
			{"a terminal that has gone", []error{nil, io.ErrClosedPipe}},
		} {
			looks := 0
			err := snapshots(t.Context(), 0, time.Second, nil, func(context.Context, int) error {
				looks++
				return tt.outcomes[looks-1]
			})
			require.ErrorIs(t, err, tt.outcomes[len(tt.outcomes)-1], tt.reason)
		}
	})
}

func TestServeRefusesBadAddresses(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	tests := []struct {
		reason, args, want string
		code               int
	}{
		{"no port", "serve --http localhost", `--http "localhost" is not an address; give host:port, as localhost:8080`, 2},
		{"in use", "serve --http localhost:0 --echo " + taken.Listener.Addr().String(), "address already in use", 1},
		{"an argument", "serve now", `unexpected argument "now"`, 2},
		{"ps of nothing, but by something", "ps --sort age", "which program is --sort for? heirloom ps takes its process id, or its address", 2},
		{"top of nothing", "top", "which program? heirloom top takes its process id, which heirloom ps lists", 2},
		{"ps of no process", "ps 99999999", "there is no process 99999999", 1},
		{"ps of no process's", "ps 0", `address "0": it is not a process id`, 2},
		{"ps of a process that does not listen", "ps 1", "process 1 cannot be inspected: the process does not listen", 1},
		{"no such order", "ps --sort nmae :1", `unknown sort "nmae"; did you mean "name"?`, 2},
		{"no order of a tree", "ps --sort -tree :1", `unknown sort "-tree"`, 2},
		{"a program and a hub", "ps --on nats://localhost:1 1", `unexpected argument "1"`, 2},
		{"tasks and a hub", "ps --on nats://localhost:1 --sort age", "--sort is for the tasks of a program, and cannot be used with --on", 2},
		{"a hub's and no hub", "ps --creds x 1", "--creds is for a hub, and --on says which", 2},
		{"less than no tasks", "ps --max -1 :1", "--max -1 is negative", 2},
		{"credentials for a process", "ps --netrc 1", "process 1 is reached without credentials", 2},
		{"a password for all to see", "ps http://a:b@localhost:1", `address "…@localhost:1": a password does not belong there`, 2},
		{"a password in what is no URL", "top http://a:%zz@localhost:1", `address "…@localhost:1": it is no URL`, 2},
		{"ps of no address", "ps localhost", `address "localhost": it has no port`, 2},
		{"ps of another service", "ps " + taken.Listener.Addr().String(), "is task/taskhttp mounted there?", 1},
		{"two forms", "ps --json --flat :1", "none of the others can be", 1},
		{"top too fast", "top :1 --interval 1ms", "too short", 2},
		{"top of less than nothing", "top :1 --count=-1", "negative", 2},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			code, stdout, stderr := heirloom(strings.Fields(tt.args)...)
			assert.Equal(t, tt.code, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		})
	}
}
