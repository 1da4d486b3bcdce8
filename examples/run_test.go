package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenes has the texts that the output of each scene must contain.
var scenes = map[string][]string{
	"lifetimes": {`a bare go statement: the goroutine works for alice`, `the cache detaches: it loads for nobody`},
	"loggers":   {`"msg":"from zap","request_id":"r1"`, `"request_id":"r1","message":"from zerolog"`},
	"postgres":  {`alice pays bob 30: alice has 70, bob has 130`, `a batch of two, 1 refused: alice has 75, bob has 125`},
	"readme":    {`Sub task running with task_id: task1`, `Sub task running with task_id: task2`},
	"routers":   {`chi: hello gopher of acme, request r1`, `gorilla/mux: hello gopher of acme, request r1`, `gin: hello gopher of acme, request r1`, `echo: hello gopher of acme, request r1`},
	"sqlite":    {`alice pays bob 30: alice has 70, bob has 130`, `a batch of two, 1 refused: alice has 75, bob has 125`},
	"tenants":   {`acme has 10 notes, and its own total says 10`, `globex has 10 notes, and its own total says 10`},
	"tracing":   {`"service":"stock"`, `"request_id":"r1"`, `"tenant":"acme"`, `span count of trace`},
}

// Each folder with a main.go is a scene that runs and prints what it should. A scene that
// is a module of its own is run by its own tests.
func TestEachSceneRuns(t *testing.T) {
	mains, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	var folders []string
	for _, main := range mains {
		folder := filepath.Dir(main)
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil {
			folders = append(folders, folder)
		}
	}
	var named []string
	for name := range scenes {
		named = append(named, name)
	}
	require.ElementsMatch(t, folders, named, "each scene has its row here, and each row its scene")

	for name, want := range scenes {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" && os.Getenv("HEIRLOOM_POSTGRES_DSN") == "" {
				t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to run against")
			}
			out, err := exec.CommandContext(t.Context(), "go", "run", "./"+name).CombinedOutput()
			require.NoError(t, err, "%s", out)
			for _, text := range want {
				assert.Contains(t, string(out), text)
			}
		})
	}
}
