package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two rounds on a machine that was busy in the second one.
const printed = `goos: linux
BenchmarkJobs/jobs=1/errgroup-2         	     100	      1000 ns/op	       900 cpu-ns/op	     280 B/op	       8 allocs/op
BenchmarkJobs/jobs=1/gather.All-2       	     100	       800 ns/op	       450 cpu-ns/op	     272 B/op	       4 allocs/op
BenchmarkLocalsGet/context.Value-2      	     100	        10 ns/op	        10 cpu-ns/op	       0 B/op	       0 allocs/op
PASS
BenchmarkJobs/jobs=1/errgroup-2         	     100	      2000 ns/op	      1800 cpu-ns/op	     280 B/op	       8 allocs/op
BenchmarkJobs/jobs=1/gather.All-2       	     100	      1600 ns/op	       900 cpu-ns/op	     272 B/op	       4 allocs/op
PASS
`

func results(t *testing.T) series {
	s, err := parse(strings.NewReader(printed))
	require.NoError(t, err)
	return s
}

func TestRatioIsThatOfTheFastestRuns(t *testing.T) {
	s := results(t)
	r, ok := s.ratio("Jobs/jobs=1/gather.All", "Jobs/jobs=1/errgroup", "ns/op")
	assert.True(t, ok)
	assert.InDelta(t, 0.8, r, 1e-9)

	m, ok := s.best("Jobs/jobs=1/errgroup", "ns/op")
	assert.True(t, ok)
	assert.InDelta(t, 1000, m, 1e-9)

	_, ok = s.ratio("Jobs/jobs=1/pond", "Jobs/jobs=1/errgroup", "ns/op")
	assert.False(t, ok, "not measured")
}

func TestParseRefusesWhatIsNoNumber(t *testing.T) {
	_, err := parse(strings.NewReader("BenchmarkX 1 lots ns/op\n"))
	assert.ErrorContains(t, err, "X:")
}

func TestReportIsWrittenInItsPlace(t *testing.T) {
	dir := t.TempDir()
	doc := filepath.Join(dir, "performance.md")
	text := "before\n"
	for _, tb := range tables {
		text += "<!-- report: " + tb.id + " -->\nold\n<!-- end of report -->\nbetween\n"
	}
	require.NoError(t, os.WriteFile(doc, []byte(text), 0o644))
	require.NoError(t, writeTables(doc, results(t)))
	require.NoError(t, writePlots(dir, results(t)))

	got, err := os.ReadFile(doc)
	require.NoError(t, err)
	assert.Contains(t, string(got), "|  | 1 job |\n", "a scenario without results has no column")
	assert.Contains(t, string(got), "| errgroup | 1 = 1 µs |")
	assert.Contains(t, string(got), "| gather.All | **0.80** (0.50) |")
	assert.Equal(t, len(tables), strings.Count(string(got), "between\n"), "the text around is kept")
	assert.Equal(t, len(tables)-2, strings.Count(string(got), "old\n"), "a place without results is left as it is")

	svg, err := os.ReadFile(filepath.Join(dir, "gather-jobs.svg"))
	require.NoError(t, err)
	assert.Contains(t, string(svg), "</svg>")
	assert.NoFileExists(t, filepath.Join(dir, "gather-items.svg"))
}

func TestOnlyHeirloomsOwnHaveAnExactMode(t *testing.T) {
	for _, line := range []struct{ printed, want string }{
		{"BenchmarkLocalsGet/ctxvar-2   100  10 ns/op", "BenchmarkLocalsGet/ctxvar,exact-2   100  10 ns/op"},
		{"BenchmarkJobs/jobs=1/gather.All  100  10 ns/op", "BenchmarkJobs/jobs=1/gather.All,exact  100  10 ns/op"},
		{"BenchmarkPython/op=get/heirloom-2 100  10 ns/op", "BenchmarkPython/op=get/heirloom,exact-2 100  10 ns/op"},
		{"BenchmarkJobs/jobs=1/errgroup-2 100  10 ns/op", ""},
		{"PASS", ""},
	} {
		got := ""
		if m := ours.FindStringSubmatch("goos: linux\n" + line.printed + "\nPASS\n"); m != nil {
			got = m[1] + exactly + m[2]
		}
		assert.Equal(t, line.want, got)
	}
	s, err := parse(strings.NewReader("BenchmarkLocalsGet/ctxvar,exact-2  100  10 ns/op\n"))
	require.NoError(t, err)
	_, ok := s.best("LocalsGet/ctxvar"+exactly, "ns/op")
	assert.True(t, ok)
	assert.Equal(t, "ctxvar, exact mode", label("ctxvar"+exactly))
}

func TestReportNeedsItsPlace(t *testing.T) {
	doc := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, os.WriteFile(doc, []byte("nothing\n"), 0o644))
	assert.ErrorContains(t, writeTables(doc, results(t)), "has no place for gather-jobs")
}
