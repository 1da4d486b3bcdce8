package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/demo"
)

var update = flag.Bool("update", false, "write what Python prints to testdata/demo")

// comparable returns the output of a scene without what differs each time: ports and,
// on Windows, the line ends of Python.
func comparable(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(s, "127.0.0.1:PORT")
}

func TestDemoPrintsWhatPythonPrints(t *testing.T) {
	printed := pythonPrints(t)
	for _, scene := range demo.Scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			golden := filepath.Join("testdata", "demo", scene.Name+".txt")
			if *update {
				require.NotNil(t, printed, "-update needs Python 3.11")
				require.NoError(t, os.WriteFile(golden, []byte(printed[scene.Name]), 0o644))
			}
			text, err := os.ReadFile(golden)
			require.NoError(t, err)
			want := comparable(string(text))
			if printed != nil {
				assert.Equal(t, printed[scene.Name], want, "-update writes what Python prints now")
			}
			code, stdout, stderr := heirloom("demo", scene.Name)
			assert.Zero(t, code)
			assert.Empty(t, stderr)
			assert.Equal(t, want, comparable(stdout))
		})
	}
}

// pythonPrints returns the output of each scene's original, or nil if there is no
// suitable Python. One process runs all of them, which takes a tenth of the time.
func pythonPrints(t *testing.T) map[string]string {
	t.Helper()
	python := findPython()
	if python == "" {
		t.Log("no Python 3.11 here; comparing with what one has printed")
		return nil
	}
	const runAll = `
import runpy, sys
for script in sys.argv[1:]:
    runpy.run_path(script, run_name="__main__")
    print("--", flush=True)
`
	args := []string{"-I", "-c", runAll}
	for _, scene := range demo.Scenes() {
		args = append(args, filepath.Join("testdata", "python", "demo_"+scene.Name+".py"))
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	printed := map[string]string{}
	for i, text := range strings.SplitAfter(comparable(string(out)), "--\n")[:len(demo.Scenes())] {
		printed[demo.Scenes()[i].Name] = strings.TrimSuffix(text, "--\n")
	}
	return printed
}

// findPython returns a Python of the version that the scenes follow, or later.
func findPython() string {
	for _, name := range []string{"python3", "python"} {
		if exec.Command(name, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run() == nil {
			return name
		}
	}
	return ""
}

func TestDemoDefault(t *testing.T) {
	code, stdout, _ := heirloom("demo")
	assert.Zero(t, code)
	assert.Equal(t, "Sub task running with task_id: task1\nSub task running with task_id: task2\n", stdout)
}

func TestDemoEchoKeepsClientsApart(t *testing.T) {
	_, stdout, _ := heirloom("demo", "echo")
	addrs := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(stdout, -1)
	require.Len(t, addrs, 6)
	seen := map[string]bool{}
	for i := 0; i < len(addrs); i += 2 {
		assert.Equal(t, addrs[i], addrs[i+1], "a client hears its own address throughout")
		assert.False(t, seen[addrs[i]], "and no other hears it")
		seen[addrs[i]] = true
	}
}

func TestDemoList(t *testing.T) {
	code, stdout, _ := heirloom("demo", "--list")
	assert.Zero(t, code)
	var names []string
	for line := range strings.Lines(stdout) {
		name, title, _ := strings.Cut(line, " ")
		assert.NotEmpty(t, strings.TrimSpace(title))
		names = append(names, name)
	}
	assert.Equal(t, []string{
		"basic", "token", "gather", "requests", "sync", "copy", "middleware", "defaults", "logging", "echo", "leak",
	}, names)

	code, stdout, _ = heirloom("demo", "--list", "--json")
	assert.Zero(t, code)
	var entries []struct{ Name, Title string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &entries))
	assert.Len(t, entries, len(names))
}

func TestDemoSource(t *testing.T) {
	for _, scene := range demo.Scenes() {
		code, stdout, _ := heirloom("demo", scene.Name, "--source")
		assert.Zero(t, code)
		file, err := os.ReadFile(filepath.Join("internal", "demo", scene.Name+".go"))
		require.NoError(t, err)
		assert.Equal(t, string(file), stdout)
		assert.LessOrEqual(t, bytes.Count(file, []byte("\n")), 100, "a scene is short")
	}
	code, stdout, _ := heirloom("demo", "leak", "--source", "--json")
	assert.Zero(t, code)
	var got struct{ Name, Source string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	assert.Equal(t, "leak", got.Name)
	assert.Contains(t, got.Source, "package demo")
}

func TestDemoJSON(t *testing.T) {
	code, stdout, _ := heirloom("demo", "gather", "--json")
	assert.Zero(t, code)
	var got struct {
		Name  string
		Lines []string
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	assert.Equal(t, "gather", got.Name)
	assert.Equal(t, []string{"Sub task running with task_id: task1", "Sub task running with task_id: task2"}, got.Lines)
}
