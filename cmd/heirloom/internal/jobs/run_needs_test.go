//go:build unix

package jobs_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestRunRespectsNeeds(t *testing.T) {
	b := newBench(t)
	b.Limit = 0
	dir := t.TempDir()
	sum, err := b.plan(t, t.Context(), fmt.Sprintf(`
env = {DIR = %q}

[[jobs]]
name = "last"
needs = ["group", "second"]
command = "test -e $DIR/a && test -e $DIR/b && test -e $DIR/second && touch $DIR/last"

[[jobs]]
name = "second"
needs = ["first"]
command = "test -e $DIR/first && touch $DIR/second"

[[jobs]]
name = "first"
command = "sleep 0.1; touch $DIR/first"

[[jobs]]
name = "group"
needs = ["first"]

[[jobs.jobs]]
name = "b"
needs = ["a"]
command = "test -e $DIR/a && touch $DIR/b"

[[jobs.jobs]]
name = "a"
command = "test -e $DIR/first && touch $DIR/a"
`, dir))
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 5}, sum.Counts, b.stderr.String())
	assert.Equal(t, "last", b.order[4])
}

const failing = `
[[jobs]]
name = "bad"
command = "false"

[[jobs]]
name = "after"
needs = ["bad"]
command = "true"

[[jobs]]
name = "group"
needs = ["after"]
[[jobs.jobs]]
name = "inner"
needs = ["good"]
command = "true"

[[jobs]]
name = "aftergroup"
needs = ["group"]
command = "true"

[[jobs]]
name = "good"
command = "true"

[[jobs]]
name = "mixed"
[[jobs.jobs]]
name = "ok"
command = "true"
[[jobs.jobs]]
name = "bad"
command = "false"

[[jobs]]
name = "aftermixed"
needs = ["mixed"]
command = "true"
`

func TestRunSkipsWhatNeedsAFailure(t *testing.T) {
	b := newBench(t)
	sum, err := b.plan(t, t.Context(), failing)
	require.NoError(t, err)
	assert.Equal(t, map[string]jobs.State{
		"bad": jobs.Failed, "after": jobs.Skipped, "group/inner": jobs.Skipped, "aftergroup": jobs.Skipped,
		"good": jobs.OK, "mixed/ok": jobs.OK, "mixed/bad": jobs.Failed, "aftermixed": jobs.Skipped,
	}, b.states())
	assert.Equal(t, jobs.Counts{OK: 2, Failed: 2, Skipped: 4}, sum.Counts)
	assert.Equal(t, "needs bad, which failed", b.results["after"].Why())
	assert.Equal(t, "needs mixed, which failed", b.results["aftermixed"].Why())
}

func TestRunFailFast(t *testing.T) {
	b := newBench(t)
	b.FailFast = true
	b.Limit = 2
	sum, err := b.plan(t, t.Context(), fmt.Sprintf(`
env = {DIR = %q}
jobs = [
  {name = "slow", command = "touch $DIR/slow; sleep 600"},
  {name = "bad", command = "while [ ! -e $DIR/slow ]; do sleep 0.01; done; false"},
  {name = "later", command = "true"},
  {name = "after", needs = ["slow"], command = "true"},
]`, t.TempDir()))
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Failed: 1, Canceled: 1, NotRun: 2}, sum.Counts)
	assert.Equal(t, "SIGTERM", b.results["slow"].Why())
}
