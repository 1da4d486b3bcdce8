//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A written is one piece of output of a delivery.
type written struct {
	delivery int
	stream   jobs.Stdio
	text     string
}

// machine returns an Elsewhere on which each attempt writes the same, and ends as the
// delivery says.
func machine(delivery int, end jobs.End, pieces ...written) jobs.Elsewhere {
	return func(_ context.Context, _ *jobs.Attempt, write func(int, jobs.Stdio, []byte)) (*jobs.End, int, error) {
		for _, p := range pieces {
			write(p.delivery, p.stream, []byte(p.text))
		}
		return &end, delivery, nil
	}
}

func TestElsewhereCountsOneDelivery(t *testing.T) {
	lost := []written{{1, jobs.Stdout, "lost"}, {1, jobs.Stderr, "lost error"}}
	for _, test := range []struct {
		reason         string
		delivery       int
		pieces         []written
		stdout, stderr string
	}{
		{"the only one", 1, lost, "lost", "lost error"},
		{"the only one, which is not the first", 2, []written{{2, jobs.Stdout, "kept"}, {2, jobs.Stderr, "!"}}, "kept", "!"},
		{"the second", 2, append(lost, written{2, jobs.Stdout, "ke"}, written{1, jobs.Stdout, "late"}, written{2, jobs.Stdout, "pt"}, written{2, jobs.Stderr, "!"}), "kept", "!"},
		{"the second, which wrote to one stream", 2, append(lost, written{2, jobs.Stdout, "kept"}), "kept", ""},
		{"the second, which wrote nothing", 2, lost, "", ""},
		{"the first after all", 1, append(lost, written{2, jobs.Stdout, "not kept"}, written{2, jobs.Stderr, "!"}), "lost", "lost error"},
		{"the third", 3, append(lost, written{2, jobs.Stdout, "lost too"}, written{3, jobs.Stdout, "kept"}), "kept", ""},
		{"what is on no stream", 1, append(lost, written{1, 0, "x"}, written{1, 3, "x"}), "lost", "lost error"},
		{"nothing", 1, nil, "", ""},
	} {
		b := newBench(t)
		b.Elsewhere = machine(test.delivery, jobs.End{State: jobs.OK}, test.pieces...)
		sum, err := b.stream(t, t.Context(), "there")
		require.NoError(t, err, test.reason)
		assert.Equal(t, jobs.Counts{OK: 1}, sum.Counts, test.reason)
		assert.Equal(t, test.stdout, b.stdout.String(), test.reason)
		assert.Equal(t, test.stderr, b.stderr.String(), test.reason)
	}
}

func TestElsewhereKeepsWhatEarlierAttemptsWrote(t *testing.T) {
	b := newBench(t)
	b.Retries, b.RetryDelay = 1, time.Millisecond
	b.Elsewhere = func(ctx context.Context, a *jobs.Attempt, write func(int, jobs.Stdio, []byte)) (*jobs.End, int, error) {
		if a.Attempt == 1 {
			return machine(1, jobs.End{State: jobs.Failed, Exit: 1}, written{1, jobs.Stdout, "first\n"})(ctx, a, write)
		}
		return machine(2, jobs.End{State: jobs.OK}, written{1, jobs.Stdout, "lost\n"}, written{2, jobs.Stdout, "second\n"})(ctx, a, write)
	}
	_, err := b.stream(t, t.Context(), "there")
	require.NoError(t, err)
	assert.Equal(t, "first\nsecond\n", b.stdout.String())
}

// A run that is cancelled while an attempt fails makes no other attempt.
func TestNoRetryAfterTheRunWasCancelled(t *testing.T) {
	b := newBench(t)
	b.Retries, b.RetryDelay = 1, time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	failed := machine(1, jobs.End{State: jobs.Failed, Exit: 1})
	b.Elsewhere = func(ctx context.Context, a *jobs.Attempt, write func(int, jobs.Stdio, []byte)) (*jobs.End, int, error) {
		cancel()
		return failed(ctx, a, write)
	}
	_, err := b.stream(t, ctx, "there")
	require.NoError(t, err)
	assert.Equal(t, jobs.Canceled, b.results["there"].State)
	assert.Equal(t, 1, b.results["there"].Attempts)
}

// What was printed already stays.
func TestElsewherePrintsAsItComes(t *testing.T) {
	b := newBench(t)
	b.Output = jobs.Prefixed(&b.stdout, &b.stderr, false)
	b.Elsewhere = machine(2, jobs.End{State: jobs.OK}, written{1, jobs.Stdout, "lost\n"}, written{2, jobs.Stdout, "kept\n"})
	sum, err := b.stream(t, t.Context(), "there")
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 1}, sum.Counts)
	assert.Equal(t, "[there] lost\n[there] kept\n", b.stdout.String())
}

func TestElsewhereGivesNoEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	for _, test := range []struct {
		state jobs.State
		text  string
		do    func()
	}{
		{jobs.Failed, "no machine", func() {}},
		{jobs.Canceled, "", cancel},
	} {
		b := newBench(t)
		b.Elsewhere = func(context.Context, *jobs.Attempt, func(int, jobs.Stdio, []byte)) (*jobs.End, int, error) {
			test.do()
			return nil, 0, errors.New("no machine")
		}
		_, err := b.stream(t, ctx, "there")
		require.NoError(t, err)
		r := b.results["there"]
		assert.Equal(t, test.state, r.State)
		assert.Equal(t, test.text, r.Error)
		assert.Equal(t, -1, r.Exit)
	}
}

func TestElsewhereOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, test := range []struct {
		end  jobs.End
		text string
	}{
		{jobs.End{State: jobs.OK}, "its output may be cut short: write /dev/full: no space left on device"},
		{jobs.End{State: jobs.Failed, Exit: 3, Error: "its own"}, "its own"},
	} {
		b := newBench(t)
		b.Output = jobs.Direct(full, full)
		b.Elsewhere = machine(1, test.end, written{1, jobs.Stdout, "x"}, written{1, jobs.Stdout, "y"})
		_, err = b.stream(t, t.Context(), "there")
		require.NoError(t, err)
		assert.Equal(t, jobs.Failed, b.results["there"].State)
		assert.Equal(t, test.text, b.results["there"].Error)
	}
}
