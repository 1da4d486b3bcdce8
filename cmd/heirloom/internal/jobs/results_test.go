//go:build unix

package jobs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestResults(t *testing.T) {
	for name, output := range map[string]func(b *bench) jobs.Output{
		"whole": func(b *bench) jobs.Output { return jobs.Whole(&b.stdout, &b.stderr, false) },
		"json":  func(b *bench) jobs.Output { return jobs.JSON(&b.stdout) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			read := func(name string) string {
				text, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				return string(text)
			}
			for _, again := range []bool{false, true} {
				results, err := jobs.OpenResults(dir, again)
				require.NoError(t, err)
				b := newBench(t)
				b.Limit = 1
				b.Output = output(b)
				require.True(t, jobs.KeepResults(b.Output, results))
				_, err = b.stream(t, t.Context(), "echo one", "echo two >&2; exit 3")
				require.NoError(t, err)
				assert.Equal(t, "one\n", read("1/stdout"))
				assert.Empty(t, read("1/stderr"))
				assert.Equal(t, "two\n", read("2/stderr"))
				assert.Contains(t, b.stdout.String(), "one", "it is printed too")
				var r jobs.Result
				require.NoError(t, json.Unmarshal([]byte(read("2/result.json")), &r))
				assert.Equal(t, jobs.Failed, r.State)
				assert.Equal(t, 3, r.Exit)
				_, err = jobs.OpenResults(dir, true)
				require.ErrorContains(t, err, "another run keeps its results there")
				results.Close()
			}
			_, err := jobs.OpenResults(dir, false)
			assert.ErrorContains(t, err, "is not empty")
		})
	}
}

func TestResultsThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := jobs.OpenResults(file, true)
	require.Error(t, err, "a file is in its place")

	inner := filepath.Join(dir, "inner")
	results, err := jobs.OpenResults(inner, false)
	require.NoError(t, err)
	defer results.Close()
	b := newBench(t)
	assert.False(t, jobs.KeepResults(jobs.Direct(os.Stdout, os.Stderr), results))
	require.True(t, jobs.KeepResults(b.Output, results))
	require.NoError(t, os.Remove(inner))
	require.NoError(t, os.WriteFile(inner, nil, 0o600))
	_, err = b.stream(t, t.Context(), "true")
	require.Error(t, err, "no file of a job can be made")

	require.NoError(t, os.Remove(inner))
	require.NoError(t, os.MkdirAll(filepath.Join(inner, "1", "result.json", "x"), 0o700))
	_, err = b.stream(t, t.Context(), "true")
	require.ErrorContains(t, err, "result.json")
}
