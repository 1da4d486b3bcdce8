package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSoak(t *testing.T) {
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to soak")
	}
	found, err := run(t.Context(), dsn, 3*time.Second, 8)
	require.NoError(t, err)
	t.Log(found)
	assert.Empty(t, found.wrong)
	assert.Positive(t, found.requests.Load())
}

// A check that can't fail would be worthless.
func TestChecksFail(t *testing.T) {
	c := newChecks()
	c.same("here", "a", "a")
	assert.False(t, (&finding{checks: c}).failed())
	c.same("here", "a", "b")
	c.same("here", "a", "c")
	f := &finding{checks: c}
	assert.True(t, f.failed())
	assert.Contains(t, f.String(), `WRONG 2 times: here: at first want "a", got "b"`)
	request.With("bob", func() { c.here("handler", "alice") })
	assert.Equal(t, 1, c.wrong["handler: request"])
	assert.Equal(t, 1, c.wrong["handler: user"])
}
