package gls_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func TestRehearsal(t *testing.T) {
	slot := gls.Slot()
	for range 100 {
		require.Empty(t, gls.Rehearse())
	}
	require.Equal(t, slot, gls.Slot(), "it leaves nothing behind")
	gls.Learn()
}

func TestStartAllocations(t *testing.T) {
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { gls.Rehearse() }), 16.0)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, gls.Learn), 4.0)
}

// Two copies of this package, under two module paths, do not link, and the
// linker names both.
func TestTwoCopiesDoNotLink(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write("go.mod", "module example.com/app\n\ngo 1.25.0\n")
	for _, pkg := range []string{"gls", "trie"} {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, under := range []string{"one", "two"} {
				moved := strings.ReplaceAll(string(text), "github.com/heirloom-go/heirloom/", "example.com/app/"+under+"/")
				write(filepath.Join(under, "internal", pkg, filepath.Base(file)), moved)
			}
		}
	}
	write("main.go", "package main\n\nimport (\n\t_ \"example.com/app/one\"\n\t_ \"example.com/app/two\"\n)\n\nfunc main() {}\n")
	for _, under := range []string{"one", "two"} {
		write(filepath.Join(under, "copy.go"), "package "+under+"\n\nimport _ \"example.com/app/"+under+"/internal/gls\"\n")
	}
	build := exec.Command("go", "build", "-o", os.DevNull, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := build.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "heirloom_may_be_in_a_program_once")
	assert.Contains(t, string(out), "example.com/app/one/internal/gls")
	assert.Contains(t, string(out), "example.com/app/two/internal/gls")
}
