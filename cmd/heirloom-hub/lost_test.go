//go:build unix

package main

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program that loses the connection to a hub says which hub that is.
func TestTheHubIsLost(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	url := s.url()
	c := s.heirloom(t, "worker", "--on", url)
	said, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	lines := bufio.NewScanner(said)
	require.True(t, lines.Scan(), "it serves")
	s.stop()
	require.True(t, lines.Scan())
	assert.True(t, strings.HasPrefix(lines.Text(), "heirloom: the connection to "+url+" is lost ("), lines.Text())
}
