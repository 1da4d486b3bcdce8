//go:build unix

package jobs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestWholeKeepsJobsApart(t *testing.T) {
	b := newBench(t)
	// All of them have begun to write before one goes on.
	_, err := b.stream(t, t.Context(), slices.Repeat([]string{
		"echo begin $HEIRLOOM_NUMBER; echo error $HEIRLOOM_NUMBER >&2; " + meet(t, 4) + "; echo end $HEIRLOOM_NUMBER",
	}, 4)...)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(b.stdout.String()), "\n")
	require.Len(t, lines, 8)
	for i := 0; i < 8; i += 2 {
		assert.Equal(t, strings.Replace(lines[i], "begin", "end", 1), lines[i+1])
	}
	assert.Len(t, strings.Split(strings.TrimSpace(b.stderr.String()), "\n"), 4)
}

func TestWholeIsExact(t *testing.T) {
	for _, endLines := range []bool{false, true} {
		b := newBench(t)
		b.Limit = 1
		b.Output = jobs.Whole(&b.stdout, &b.stderr, endLines)
		_, err := b.stream(t, t.Context(), `printf 'a\000b\377'`, `printf 'c\n'`, "true", "printf d >&2")
		require.NoError(t, err)
		if endLines {
			assert.Equal(t, "a\x00b\xff\nc\n", b.stdout.String(), "a terminal's cursor is to be at the start of a line")
			assert.Equal(t, "d\n", b.stderr.String())
		} else {
			assert.Equal(t, "a\x00b\xffc\n", b.stdout.String())
			assert.Equal(t, "d", b.stderr.String())
		}
	}
}

func TestWholeToKindsOfFiles(t *testing.T) {
	want := strings.Repeat("0123456789\n", 100_000)
	print := func(t *testing.T, stdout *os.File) error {
		b := newBench(t)
		b.Limit = 1
		b.Output = jobs.Whole(stdout, &b.stderr, false)
		_, err := b.stream(t, t.Context(), "yes 0123456789 | head -n 60000", "yes 0123456789 | head -n 40000")
		return err
	}

	t.Run("pipe", func(t *testing.T) {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer r.Close()
		read := make(chan []byte)
		go func() {
			text, _ := io.ReadAll(r)
			read <- text
		}()
		assert.NoError(t, print(t, w))
		w.Close()
		assert.Equal(t, want, string(<-read))
	})
	for name, flag := range map[string]int{"file": 0, "file to append to": os.O_APPEND} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o644)
			require.NoError(t, err)
			defer f.Close()
			_, err = f.WriteString("before\n")
			require.NoError(t, err)
			require.NoError(t, print(t, f))
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "before\n"+want, string(text))
		})
	}
	t.Run("device", func(t *testing.T) {
		f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		require.NoError(t, err)
		defer f.Close()
		assert.NoError(t, print(t, f))
	})
	t.Run("full device", func(t *testing.T) {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		defer f.Close()
		assert.EqualError(t, print(t, f), "cannot write to standard output: no space left on device")
	})
	t.Run("closed pipe", func(t *testing.T) {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer w.Close()
		r.Close()
		assert.EqualError(t, print(t, w), "cannot write to standard output: broken pipe")
	})
}

func TestOrdered(t *testing.T) {
	b := newBench(t)
	b.Output = jobs.Ordered(&b.stdout, &b.stderr, false)
	dir := t.TempDir()
	// Each job except the last waits for the end of the next.
	wait := `while [ $HEIRLOOM_NUMBER -lt 4 ] && [ ! -e %[1]s/$((HEIRLOOM_NUMBER + 1)) ]; do sleep 0.01; done; %[2]s touch %[1]s/$HEIRLOOM_NUMBER`
	_, err := b.stream(t, t.Context(),
		fmt.Sprintf(wait, dir, "echo one;"), fmt.Sprintf(wait, dir, ""), fmt.Sprintf(wait, dir, "echo three;"), fmt.Sprintf(wait, dir, "echo four;"))
	require.NoError(t, err)
	assert.Equal(t, "one\nthree\nfour\n", b.stdout.String())
	assert.Len(t, b.order, 4)
	assert.True(t, strings.HasPrefix(b.order[3], "while"))
}

func TestOrderedHoldsABoundedNumberOfFiles(t *testing.T) {
	b := newBench(t)
	b.Limit = 8
	b.Output = jobs.Ordered(&b.stdout, &b.stderr, false)
	dir := t.TempDir()
	const others = 300
	first := fmt.Sprintf("echo first; while [ ! -e %s/go ]; do sleep 0.02; done", dir)
	held := 0 // how many are held when the first may end
	b.Progress = func(c jobs.Counts) {
		if _, err := os.Stat(filepath.Join(dir, "go")); err != nil {
			held = c.Ended()
		}
		// When the run stops at the limit, only the first job runs.
		if c.Ended() >= 256 && c.Running == 1 {
			os.WriteFile(filepath.Join(dir, "go"), nil, 0o644)
		}
	}
	sum, err := b.stream(t, t.Context(), append([]string{first}, slices.Repeat([]string{"echo x"}, others)...)...)
	require.NoError(t, err)
	assert.Equal(t, others+1, sum.OK)
	assert.Equal(t, "first\n"+strings.Repeat("x\n", others), b.stdout.String())
	assert.LessOrEqual(t, held, 256+b.Limit, "no more are held than that, and those that ran")
}

func TestPrefixed(t *testing.T) {
	b := newBench(t)
	b.Limit = 1
	b.Output = jobs.Prefixed(&b.stdout, &b.stderr, false)
	_, err := b.plan(t, t.Context(), `
jobs = [
  {name = "a", command = "echo one; echo; printf two; echo err >&2"},
  {name = "a name that is longer than it should be", command = "echo x"},
  {name = "silent", command = "true"},
]`)
	require.NoError(t, err)
	assert.Equal(t, "[a] one\n[a] \n[a] two\n[a name that is longer t…] x\n", b.stdout.String())
	assert.Equal(t, "[a] err\n", b.stderr.String())
}

func TestPrefixedColours(t *testing.T) {
	b := newBench(t)
	b.Limit = 1
	b.Output = jobs.Prefixed(&b.stdout, &b.stderr, true)
	_, err := b.plan(t, t.Context(), "jobs = [{name = 'a', command = 'echo x'}, {name = 'b', command = 'echo y'}]")
	require.NoError(t, err)
	assert.Equal(t, "\x1b[36m[a]\x1b[0m x\n\x1b[33m[b]\x1b[0m y\n", b.stdout.String())
}

// firstWrite closes a channel when something is written for the first time.
type firstWrite struct {
	once    sync.Once
	written chan struct{}
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.once.Do(func() { close(f.written) })
	return len(p), nil
}

func TestPrefixedPrintsAsItComes(t *testing.T) {
	b := newBench(t)
	first := &firstWrite{written: make(chan struct{})}
	b.Output = jobs.Prefixed(first, &b.stderr, false)
	dir := t.TempDir()
	go func() {
		<-first.written
		os.WriteFile(filepath.Join(dir, "go"), nil, 0o644)
	}()
	_, err := b.stream(t, t.Context(), fmt.Sprintf("echo x; while [ ! -e %s/go ]; do sleep 0.01; done", dir))
	require.NoError(t, err, "the job waits for its own output to be seen")
}

func TestPrefixedBreaksLinesThatAreTooLong(t *testing.T) {
	b := newBench(t)
	b.Output = jobs.Prefixed(&b.stdout, &b.stderr, false)
	_, err := b.plan(t, t.Context(), `jobs = [{name = "a", command = "head -c 200000 /dev/zero | tr '\\000' x; echo; echo y"}]`)
	require.NoError(t, err)
	text, xs := b.stdout.String(), 0
	for line := range strings.Lines(text) {
		assert.True(t, strings.HasPrefix(line, "[a] "))
		assert.LessOrEqual(t, len(line), 64<<10+len("[a] \n"))
		xs += strings.Count(line, "x")
	}
	assert.Equal(t, 200000, xs, "nothing is lost")
	assert.True(t, strings.HasSuffix(text, "x\n[a] y\n"))
}

func TestPrefixedIsNotHeldUpByWhoLeftTheGroup(t *testing.T) {
	b := newBench(t)
	b.Output = jobs.Prefixed(&b.stdout, &b.stderr, false)
	dir := t.TempDir()
	if os.Getenv("PATH") == "" {
		t.Skip("no PATH")
	}
	sum, err := b.plan(t, t.Context(), fmt.Sprintf(
		`jobs = [{name = "a", command = "command -v setsid >/dev/null || exit 0; setsid sh -c 'echo $$ > %[1]s/new; mv %[1]s/new %[1]s/pid; exec sleep 60' & while [ ! -e %[1]s/pid ]; do sleep 0.01; done; echo x"}]`, dir))
	require.NoError(t, err)
	assert.Equal(t, 1, sum.OK)
	for _, pid := range running(t, slices.DeleteFunc([]string{dir + "/pid"}, func(f string) bool { _, err := os.Stat(f); return err != nil })...) {
		p, _ := os.FindProcess(pid)
		p.Kill()
		assert.Equal(t, "[a] x\n", b.stdout.String())
	}
}

func TestDirect(t *testing.T) {
	b := newBench(t)
	b.Output = jobs.Direct(&b.stdout, &b.stderr)
	_, err := b.stream(t, t.Context(), "printf a; printf b >&2")
	require.NoError(t, err)
	assert.Equal(t, "a", b.stdout.String())
	assert.Equal(t, "b", b.stderr.String())

	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	b.Output = jobs.Direct(w, os.Stderr)
	_, err = b.stream(t, t.Context(), "printf a")
	require.NoError(t, err)
	w.Close()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "a", string(text))
}

func TestJSONOutput(t *testing.T) {
	b := newBench(t)
	b.Limit = 1
	b.Output = jobs.JSON(&b.stdout)
	// Runes of three bytes do not end where buffers end.
	_, err := b.plan(t, t.Context(), `
jobs = [
  {name = "a", command = "printf 'x\\377\"\\\\\\n<&>'; printf e >&2; exit 2"},
  {name = "b", command = "yes € | tr -d '\\n' | head -c 300000"},
  {name = "c", needs = ["a"], command = "true"},
]`)
	require.NoError(t, err)
	type line struct {
		jobs.Result
		Stdout, Stderr *string
	}
	lines := map[string]line{}
	for text := range bytes.Lines(b.stdout.Bytes()) {
		var l line
		require.NoError(t, json.Unmarshal(text, &l))
		lines[l.Job] = l
	}
	require.Len(t, lines, 3)
	assert.Equal(t, "x�\"\\\n<&>", *lines["a"].Stdout)
	assert.Equal(t, "e", *lines["a"].Stderr)
	assert.Equal(t, jobs.Failed, lines["a"].State)
	assert.Equal(t, strings.Repeat("€", 100000), *lines["b"].Stdout)
	assert.Equal(t, jobs.Skipped, lines["c"].State)
	assert.Nil(t, lines["c"].Stdout)
	assert.Contains(t, b.stdout.String(), "<&>", "it is for no page")
}

func TestOutputLeavesNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	b := newBench(t)
	_, err := b.stream(t, t.Context(), "echo a", "echo b >&2", "ls -A "+dir)
	require.NoError(t, err)
	assert.NotContains(t, b.stdout.String(), "heirloom")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "heirloom-") {
			names = append(names, f.Name())
		}
	}
	assert.Empty(t, names)
}
