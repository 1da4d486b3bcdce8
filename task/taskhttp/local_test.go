package taskhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func TestListenLocal(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("LocalAppData", dir) // of Windows
	h := taskhttp.New()
	local, err := h.ListenLocal()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	require.NoError(t, err)
	_, err = h.ListenLocal()
	require.ErrorIs(t, err, taskhttp.ErrListening)

	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return taskhttp.DialLocal(ctx, os.Getpid())
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	get := func(path string, into any) {
		t.Helper()
		resp, err := client.Get("http://localhost" + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	var self taskhttp.Program
	get(taskhttp.ProgramPath, &self)
	assert.Equal(t, os.Getpid(), self.PID)
	assert.NotEmpty(t, self.Name)
	assert.False(t, self.Since.IsZero())

	_, err = task.Run(t.Context(), func(context.Context) (none struct{}, _ error) {
		h.Close() // which does not end it
		var view taskhttp.View
		get("/debug/tasks?format=json", &view)
		require.Len(t, view.Tasks, 1)
		assert.Equal(t, "looked at", view.Tasks[0].Name)
		return none, nil
	}, task.Name("looked at"))
	require.NoError(t, err)

	require.NoError(t, local.Close())
	require.NoError(t, local.Close(), "more than once")
	_, err = taskhttp.DialLocal(t.Context(), os.Getpid())
	require.ErrorIs(t, err, taskhttp.ErrNotListening)
}
