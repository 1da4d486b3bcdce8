//go:build unix

package jobs_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A bench is the setup of a run.
type bench struct {
	jobs.Options
	stdout, stderr bytes.Buffer
	results        map[string]*jobs.Result // by name, from the log
	order          []string                // in which they ended
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Options: jobs.Options{Limit: 4, Shell: posixShell(t), Grace: time.Minute}}
	b.Output = jobs.Whole(&b.stdout, &b.stderr, false)
	return b
}

func (b *bench) run(t *testing.T, ctx context.Context, start func(jobs.Options) (*jobs.Summary, error)) (*jobs.Summary, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if b.Log == nil {
		log, err := jobs.CreateLog(path)
		require.NoError(t, err)
		b.Log = log
	}
	sum, err := start(b.Options)
	require.NoError(t, b.Log.Close())
	b.Log = nil
	b.results, b.order = map[string]*jobs.Result{}, nil
	for _, r := range readLog(t, path) {
		b.results[r.Job] = r
		b.order = append(b.order, r.Job)
	}
	return sum, err
}

func (b *bench) stream(t *testing.T, ctx context.Context, commands ...string) (*jobs.Summary, error) {
	t.Helper()
	return b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) {
		return jobs.RunStream(ctx, jobs.Commands(commands), o)
	})
}

func (b *bench) plan(t *testing.T, ctx context.Context, toml string) (*jobs.Summary, error) {
	t.Helper()
	root, err := jobs.DecodeTOML(strings.NewReader(toml))
	require.NoError(t, err)
	p, err := jobs.NewPlan(root)
	require.NoError(t, err)
	return b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) { return jobs.RunPlan(ctx, p, o) })
}

func (b *bench) states() map[string]jobs.State {
	states := map[string]jobs.State{}
	for name, r := range b.results {
		states[name] = r.State
	}
	return states
}
