//go:build !race

package ctxslog_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// The race detector's build allocates where the plain one doesn't.
func TestAllocations(t *testing.T) {
	logger := slog.New(ctxslog.NewHandler(
		slog.NewJSONHandler(io.Discard, nil),
		ctxslog.Var(requestID), ctxslog.Var(tenant), ctxslog.Var(attempt),
	)).With("component", "cart")
	log := func() { logger.LogAttrs(t.Context(), slog.LevelInfo, "m", slog.Int("k", 1)) }

	assert.Zero(t, testing.AllocsPerRun(100, log), "of three, one has a default")
	defer requestID.Set("r1").Reset()
	defer tenant.Set("acme").Reset()
	defer attempt.Set(3).Reset()
	assert.Zero(t, testing.AllocsPerRun(100, log), "all three are set")
}
