package ctxvet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/heirloom-go/heirloom/ctxvar/ctxvet"
)

// The test data is a module of its own that requires the real ctxvar.

func TestAnalyzersAreValid(t *testing.T) {
	assert.NoError(t, analysis.Validate(ctxvet.Analyzers()))
}

func TestScope(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), ctxvet.Scope, "./scope", "./scopewrap")
}

func TestToken(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), ctxvet.Token, "./token")
}

func TestCopy(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), ctxvet.Copy, "./copy")
}

func TestRun(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), ctxvet.Run, "./run", "./run/process")
}

func TestStay(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), ctxvet.Stay, "./stay", "./staymain", "./stayjobs",
		"./stayworks", "./staywrap", "./staywrap/isolate", "./staywrap/method", "./staywrap/own", "./staywrap/value")
}

func TestClean(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), ctxvet.Clean, "./clean")
}

func TestTx(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), ctxvet.Tx, "./tx", "./tx/repo")
	// A module of its own, for the driver that it needs.
	analysistest.RunWithSuggestedFixes(t, filepath.Join(analysistest.TestData(), "txpgx"), ctxvet.Tx, ".")
}

func TestLabels(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), ctxvet.Labels, "./labels", "./labels/wrap", "./program/leaf")
}

// TestCommand runs the command as users do, over a program that imports ctxvar
// through another package only: facts must find their way through files.
func TestCommand(t *testing.T) {
	ctxvetCommand := filepath.Join(t.TempDir(), "ctxvet")
	build := exec.Command("go", "build", "-o", ctxvetCommand, "./cmd/ctxvet")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	const (
		deferred = "main.go:13:8: a deferred Set sets the variable when the function returns"
		local    = "main.go:14:2: mid.NewVar in a function makes a new variable with each call"
		labels   = "main.go:16:2: pprof.SetGoroutineLabels with a ctx that carries no variables"
		leaf     = "leaf.go:9:16: pprof.SetGoroutineLabels with a ctx that carries no variables"
	)
	tests := []struct {
		reason    string
		command   []string
		want, not []string
	}{
		{
			reason:  "go vet runs all of them",
			command: []string{"go", "vet", "-vettool=" + ctxvetCommand, "./..."},
			want:    []string{deferred, local, labels},
			not:     []string{leaf},
		},
		{
			reason:  "go vet leaves one out, and another looks at packages without ctxvar",
			command: []string{"go", "vet", "-vettool=" + ctxvetCommand, "-vartoken=false", "-varlabels.all", "./..."},
			want:    []string{local, labels, leaf},
			not:     []string{deferred},
		},
		{
			reason:  "the command runs by itself",
			command: []string{ctxvetCommand, "./..."},
			want:    []string{deferred, local, labels},
			not:     []string{leaf},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			out, err := runIn(t, "program", test.command)
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "mistakes must make the exit code one; output:\n%s", out)
			for _, want := range test.want {
				assert.Contains(t, out, want)
			}
			for _, not := range test.not {
				assert.NotContains(t, out, not)
			}
		})
	}

	t.Run("nothing to report", func(t *testing.T) {
		out, err := runIn(t, filepath.Join("program", "mid"), []string{"go", "vet", "-vettool=" + ctxvetCommand, "."})
		assert.NoError(t, err)
		assert.Empty(t, out)
	})
}

// runIn runs a command in a folder of the test data.
func runIn(t *testing.T, dir string, command []string) (output string, err error) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = filepath.Join(analysistest.TestData(), dir)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
