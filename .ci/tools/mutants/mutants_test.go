package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sourceText = `package p

const size = 1 << 4

type T[K any] struct{}

func (t *T[K]) less(a, b int) bool {
	return a < b && b <= size // as "//" is
}

func free(a int) int { return a - 1 }
`

const reportText = `{"go_module": "m", "files": [{"file_name": "p.go", "mutations": [
	{"type": "INVERT_BITWISE", "status": "NOT COVERED", "line": 3, "column": 16},
	{"type": "CONDITIONALS_NEGATION", "status": "KILLED", "line": 8, "column": 11},
	{"type": "INVERT_LOGICAL", "status": "LIVED", "line": 8, "column": 15},
	{"type": "CONDITIONALS_BOUNDARY", "status": "TIMED OUT", "line": 8, "column": 20},
	{"type": "ARITHMETIC_BASE", "status": "NOT VIABLE", "line": 11, "column": 33}
]}]}`

func mutants(t *testing.T) []mutant {
	t.Helper()
	tree := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "a/p"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "a/p/p.go"), []byte(sourceText), 0o600))
	mutants, err := readReport([]byte(reportText), tree, "a/p")
	require.NoError(t, err)
	return mutants
}

func TestReadReport(t *testing.T) {
	assert.Equal(t, []mutant{
		{"a/p/p.go - INVERT_BITWISE: const size = 1 «<<» 4", lives},
		{"a/p/p.go T.less CONDITIONALS_NEGATION: return a «<» b && b <= size", killed},
		{"a/p/p.go T.less INVERT_LOGICAL: return a < b «&&» b <= size", lives},
		{"a/p/p.go T.less CONDITIONALS_BOUNDARY: return a < b && b «<=» size", killed},
		{"a/p/p.go free ARITHMETIC_BASE: func free(a int) int { return a «-» 1 }", invalid},
	}, mutants(t))
}

func TestReadReportRefusesUnknownStates(t *testing.T) {
	_, err := readReport([]byte(strings.Replace(reportText, "LIVED", "SLEPT", 1)), t.TempDir(), "a/p")
	assert.Error(t, err)
}

func TestParseList(t *testing.T) {
	listed, err := parseList(`# why
a/b.go f X: «+»
a/b.go f X: «-»

	Both: it
	is so.
a/b.go g X: «+»
	This one alone.
`)
	require.NoError(t, err)
	assert.Equal(t, map[key]string{
		"a/b.go f X: «+»": "Both: it is so.",
		"a/b.go f X: «-»": "Both: it is so.",
		"a/b.go g X: «+»": "This one alone.",
	}, listed)

	for _, wrong := range []struct{ text, err string }{
		{"\treason", "line 1: a reason below no mutant"},
		{"a/b.go f X: «+»", "no reason given: a/b.go f X: «+»"},
		{"a/b.go f X: +\n\treason", "line 1: no mutant, for it has no operator between « and »: a/b.go f X: +"},
		{"a/b.go f X: «+»\n\treason\na/b.go f X: «+»", "line 3: listed twice: a/b.go f X: «+»"},
	} {
		_, err := parseList(wrong.text)
		assert.EqualError(t, err, wrong.err)
	}
}

func TestJudge(t *testing.T) {
	const alive, dead = "a/p/p.go T.less INVERT_LOGICAL: return a < b «&&» b <= size", "a/p/p.go T.less CONDITIONALS_NEGATION: return a «<» b && b <= size"
	s := judge("a/p", mutants(t), map[key]string{
		alive:                "equivalent",
		dead:                 "equivalent",
		"a/p/p.go f X: «+»":  "no mutant",
		"a/p/q/q.go f X: «»": "of another package",
	})
	assert.Equal(t, score{
		target: "a/p", killed: 2, invalid: 1, listed: 1,
		alive:   []key{"a/p/p.go - INVERT_BITWISE: const size = 1 «<<» 4"},
		dead:    []key{dead},
		unknown: []key{"a/p/p.go f X: «+»"},
	}, s)
	assert.Equal(t, s.unknown, judge("a/p/p.go", mutants(t), map[key]string{"a/p/p.go f X: «+»": "no mutant", "a/p/q.go f X: «+»": "of another file"}).unknown)
	assert.InDelta(t, 66.7, s.percent(), 0.1)
	assert.EqualError(t, s.err(), "a/p: 66.7 % of the mutants were killed, and 90 % are wanted")

	s.killed, s.unknown = 9, nil
	assert.NoError(t, s.err(), "nine of ten")
	s.unknown = []key{"a/p/p.go f X: «+»"}
	assert.EqualError(t, s.err(), "a/p: 1 entries of the list are no mutants of it")
}

func TestRunTests(t *testing.T) {
	assert.True(t, runTests(".", time.Minute, "true"))
	assert.False(t, runTests(".", time.Minute, "false"))
	assert.False(t, runTests(".", time.Minute, "sh", "-c", "kill -KILL 0"), "which reaches nobody else")
	assert.False(t, runTests(".", 100*time.Millisecond, "sh", "-c", "sleep 60"))

	for _, once := range []string{"sleep 60", "echo '--- FAIL: TestA (0.00s)'; exit 1", "exit 2"} {
		mark := filepath.Join(t.TempDir(), "mark")
		first := `[ -e "$0" ] || { : >"$0"; ` + once + `; }`
		limit := time.Minute
		if once == "sleep 60" {
			limit = 10 * time.Second // in which it makes the mark
		}
		assert.True(t, runTests(".", limit, "sh", "-c", first, mark), "%s, and not once more", once)
	}
	again := runTests(".", time.Minute, "sh", "-c", `echo '--- FAIL: TestA (0.00s)'; case "$*" in *"-test.run=^TestA$"*) ;; *) exit 1; esac`, "sh")
	assert.False(t, again, "which fails only after others, but each time")
}
