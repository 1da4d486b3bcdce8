package main

import (
	"io"
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

func TestNamesOfResults(t *testing.T) {
	peers, own := suite{}, own("./ctxvar", "")
	for _, c := range []struct {
		name          string
		program       program
		printed, want string
	}{
		{"a peer", program{suite: peers}, "BenchmarkJobs/jobs=1/errgroup-2 100  10 ns/op", "BenchmarkJobs/jobs=1/errgroup-2 100  10 ns/op\n"},
		{"a peer in the exact mode", program{suite: peers, exact: true}, "BenchmarkJobs/jobs=1/errgroup-2 100  10 ns/op", ""},
		{"ctxvar", program{suite: peers, exact: true}, "BenchmarkLocalsGet/ctxvar-2   100  10 ns/op", "BenchmarkLocalsGet/ctxvar,exact-2   100  10 ns/op\n"},
		{"on one processor", program{suite: peers, exact: true}, "BenchmarkJobs/jobs=1/gather.All  100  10 ns/op", "BenchmarkJobs/jobs=1/gather.All,exact  100  10 ns/op\n"},
		{"beside Python", program{suite: peers, exact: true}, "BenchmarkPython/op=get/heirloom-2 100  10 ns/op", "BenchmarkPython/op=get/heirloom,exact-2 100  10 ns/op\n"},
		{"of a package", program{suite: own}, "BenchmarkGet/vars=1-2 100  10 ns/op", "Benchmarkctxvar.Get/vars=1-2 100  10 ns/op\n"},
		{"a package's baseline in the exact mode", program{suite: own, exact: true}, "BenchmarkContextValue/depth=1-2 100  10 ns/op", "Benchmarkctxvar.ContextValue/depth=1,exact-2 100  10 ns/op\n"},
		{"no result", program{suite: own}, "PASS", ""},
	} {
		assert.Equal(t, c.want, c.program.named("goos: linux\n"+c.printed+"\nPASS\n"), c.name)
	}
	s, err := parse(strings.NewReader("BenchmarkLocalsGet/ctxvar,exact-2  100  10 ns/op\n"))
	require.NoError(t, err)
	_, ok := s.best("LocalsGet/ctxvar"+exactly, "ns/op")
	assert.True(t, ok)
	assert.Equal(t, "ctxvar, exact mode", label("ctxvar"+exactly))
}

func TestList(t *testing.T) {
	s, err := parse(strings.NewReader(`Benchmarkx.Go/by_hand-2 100 100 ns/op 16 B/op 1 allocs/op
Benchmarkx.Go/ours-2 100 150 ns/op 48 B/op 2 allocs/op
Benchmarkx.Go/by_hand,exact-2 100 50 ns/op 16 B/op 1 allocs/op
Benchmarkx.Go/ours,exact-2 100 60 ns/op 48 B/op 2 allocs/op
`))
	require.NoError(t, err)
	l := list{rows: against("by hand", "x.Go/by_hand", "ours", "x.Go/ours", "other", "x.Go/other")}
	assert.Equal(t, "| | time | ratio | exact mode | allocations |\n"+
		"| --- | ---: | ---: | ---: | ---: |\n"+
		"| by hand | 100 ns | 1 |  | 1, 16 bytes |\n"+
		"| ours | 150 ns | **1.50** | **1.20** | 2, 48 bytes |\n", l.markdown(s), "what was not measured has no row")

	aims := list{aims: true, rows: []item{{"ours / by hand", "x.Go/ours", "x.Go/by_hand", "1.6"}}}
	assert.Contains(t, aims.markdown(s), "\n| ours / by hand | **1.50** | **1.20** | 1.6 |\n")
	assert.Empty(t, list{rows: against("other", "x.Go/other")}.markdown(s))
}

func TestSizes(t *testing.T) {
	printed := "BenchmarkBinary/fmt 1 2000000 bytes 1000000 stripped-bytes\n" +
		"BenchmarkBinary/pprof 1 2300000 bytes 1200000 stripped-bytes\n"
	s, err := parse(strings.NewReader(printed))
	require.NoError(t, err)
	assert.Empty(t, sizesTable(s), "one was not measured")
	s, err = parse(strings.NewReader(printed + "BenchmarkBinary/ctxvar 1 2400000 bytes 1300000 stripped-bytes\n"))
	require.NoError(t, err)
	assert.Contains(t, sizesTable(s), "| `fmt` alone | 2000 KB | 1000 KB |\n")
	assert.Contains(t, sizesTable(s), "| and `ctxvar` | + 400 KB | + 300 KB |\n")
}

func TestSuitesHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range suites {
		assert.False(t, seen[s.name], s.name)
		seen[s.name] = true
	}
	m := measurement{rounds: 1, only: []string{"ctxvars"}}
	assert.ErrorContains(t, m.run(io.Discard), `no suite "ctxvars"`)
}

func TestReportNeedsItsPlace(t *testing.T) {
	doc := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, os.WriteFile(doc, []byte("nothing\n"), 0o644))
	assert.ErrorContains(t, writeTables(doc, results(t)), "has no place for gather-jobs")
}
