package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exactCommand returns heirloom exact as a process in the module of the test data. When
// a Go release is used for the first time, it compiles the runtime.
func exactCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles the standard library")
	}
	c := command(t, append([]string{"exact"}, args...)...)
	c.Dir = filepath.Join("testdata", "exact")
	c.Env = append(c.Env, "GOWORK=off", "GOFLAGS=")
	return c
}

func output(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func TestExactProgram(t *testing.T) {
	want := strings.Join([]string{
		"made for this release: true",
		"beside labels: kept",
		"inherited: kept",
		"apart from a child's: kept",
		"gone at the end: true",
	}, "\n") + "\n"
	assert.Equal(t, want, output(t, exactCommand(t, "go", "run", ".")))

	c := exactCommand(t, "go", "run", "-C", "exact", "-mod=vendor", ".")
	c.Dir = "testdata"
	assert.Equal(t, want, output(t, c), "vendored, in another folder")
}

func TestExactPassesOn(t *testing.T) {
	c := exactCommand(t, "go", "run", "-tags", "extra", ".", "-tags", "x y")
	out, err := c.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, "-tags x y extra\n", string(out), "arguments of the program, and the user's build tag")
	assert.Equal(t, 1, exit.ExitCode(), "of go run, whatever the program's was")
	assert.Contains(t, string(exit.Stderr), "exit status 7")

	c = exactCommand(t, "go", "build", "-nonsense")
	out, err = c.CombinedOutput()
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 2, exit.ExitCode(), "of go build")
	assert.NotContains(t, string(out), "heirloom:", "the go command has said it all")
}

func TestExactTest(t *testing.T) {
	assert.Contains(t, output(t, exactCommand(t, "go", "test", "-cover", "./...")), "ok")
}

// Another command that runs go gets the environment.
func TestExactOtherCommand(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	assert.Contains(t, output(t, exactCommand(t, "sh", "-c", "go test .")), "ok")
}

func TestExactCrossCompiles(t *testing.T) {
	c := exactCommand(t, "go", "build", "-o", filepath.Join(t.TempDir(), "program"), ".")
	c.Env = append(c.Env, "GOOS=windows", "GOARCH=arm64")
	assert.Empty(t, output(t, c))
}

// A program that has the tag and was built without the command says what to do.
func TestExactTagWithoutOverlay(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	c := exec.Command("go", "build", "-tags=heirloom_exact", "-o", filepath.Join(t.TempDir(), "program"), ".")
	c.Dir = filepath.Join("testdata", "exact")
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "build_with_heirloom_exact_go_build.getSlot not defined")
}

// An editor or a shell gets the environment from --env.
func TestExactEnv(t *testing.T) {
	var vars map[string]string
	require.NoError(t, json.Unmarshal([]byte(output(t, exactCommand(t, "--env", "--json"))), &vars))
	assert.Equal(t, "local", vars["GOTOOLCHAIN"])
	assert.Contains(t, vars["GOFLAGS"], "-tags=heirloom_exact")
	assert.True(t, strings.HasPrefix(vars["PATH"], filepath.Join(vars["GOROOT"], "bin")))

	if _, err := exec.LookPath("sh"); err != nil {
		return
	}
	script := output(t, exactCommand(t, "--env"))
	c := exec.Command("sh", "-c", script+`go test . && printf %s "$GOFLAGS"`)
	c.Dir = filepath.Join("testdata", "exact")
	c.Env = append(os.Environ(), "GOWORK=off")
	out := output(t, c)
	assert.Contains(t, out, "ok")
	assert.True(t, strings.HasSuffix(out, vars["GOFLAGS"]), out)
}

func TestExactMisuse(t *testing.T) {
	tests := []struct{ args, reason, want string }{
		{"exact", "nothing to run", "which command? For example: heirloom exact go build ./..."},
		{"exact build ./...", "the go command is left out", "the go command is missing: heirloom exact go build ./..."},
		{"exact --json go build", "JSON of what?", "--json is for --env"},
		{"exact --env go build", "printing runs nothing", `unexpected argument "go"; with --env or --patch, heirloom exact runs no command`},
		{"exact --evn", "the nearest flag is suggested", `unknown flag "--evn"; did you mean "--env"?`},
	}
	for _, test := range tests {
		code, stdout, stderr := heirloom(strings.Fields(test.args)...)
		assert.Equal(t, exitUsage, code, test.reason)
		assert.Empty(t, stdout, test.reason)
		assert.Equal(t, "heirloom: "+test.want+"\n", stderr, test.reason)
	}
}

func TestExactWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	code, _, stderr := heirloom("exact", "go", "build")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "there is no go command on PATH")
}
