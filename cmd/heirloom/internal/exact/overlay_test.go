package exact

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The parts of the runtime's sources that the tests need.
const (
	g = "package runtime\n\ntype g struct {\n\tlabels          unsafe.Pointer // profiler labels\n\ttimer           *timer\n}\n"

	proc = "package runtime\n\nfunc gdestroy(gp *g) {\n\tgp.labels = nil\n\tgp.timer = nil\n}\n\n" +
		"func newproc1() {\n\tif user {\n\t\tif mp.curg != nil {\n\t\t\tnewg.labels = mp.curg.labels\n\t\t}\n\t}\n}\n"

	proflabel = "package runtime\n\nfunc set(labels unsafe.Pointer) {\n\tgetg().labels = labels\n}\n"
)

// distribution makes a folder with the sources.
func distribution(t *testing.T, change ...func(files map[string]string)) *Distribution {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"runtime2.go": g, "proc.go": proc, "proflabel.go": proflabel}
	for _, c := range change {
		c(files)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "src", "runtime"), 0o777))
	for name, text := range files {
		require.NoError(t, os.WriteFile(runtimeFile(root, name), []byte(text), 0o666))
	}
	return &Distribution{Root: root, Version: "go1.99.1", ModCache: filepath.Join(root, "elsewhere")}
}

// replacements returns the files that the overlay of b replaces, and their new content.
func replacements(t *testing.T, b *Build) map[string]string {
	t.Helper()
	text, err := os.ReadFile(b.Overlay)
	require.NoError(t, err)
	var o struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal(text, &o))
	return o.Replace
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestOverlay(t *testing.T) {
	d := distribution(t)
	b, err := d.Prepare(t.TempDir(), "", "")
	require.NoError(t, err)
	assert.Equal(t, d.Root, b.Root, "it needs no other name")

	to := replacements(t, b)
	require.Len(t, to, 3)
	assert.Contains(t, read(t, to[runtimeFile(d.Root, "runtime2.go")]), "// profiler labels\n\theirloom unsafe.Pointer")
	text := read(t, to[runtimeFile(d.Root, "proc.go")])
	assert.Contains(t, text, "\tgp.labels = nil\n\tgp.heirloom = nil\n\tgp.timer")
	assert.Contains(t, text, "newg.labels = mp.curg.labels\n\t\t\tnewg.heirloom = mp.curg.heirloom\n\t\t}")
	assert.Contains(t, read(t, to[runtimeFile(d.Root, accessorsFile)]), `return "go1.99.1"`)
	assert.Equal(t, proc, read(t, runtimeFile(d.Root, "proc.go")), "the distribution stays as it is")
}

func TestUnknownRelease(t *testing.T) {
	replace := func(file, old, new string) func(map[string]string) {
		return func(files map[string]string) {
			before := files[file]
			files[file] = strings.ReplaceAll(before, old, new)
			if files[file] == before {
				panic(old + " is not in " + file)
			}
		}
	}
	tests := []struct {
		reason string
		change func(files map[string]string)
		want   string
	}{
		{"the field is gone", replace("runtime2.go", "labels ", "tags "), "the line that declares a goroutine's labels is in runtime2.go 0 times"},
		{"the field has moved to another file", func(files map[string]string) {
			files["g.go"] = files["runtime2.go"]
			delete(files, "runtime2.go")
		}, "there is no runtime2.go"},
		{"labels are cloned", replace("proc.go", "newg.labels = mp.curg.labels", "newg.labels = cloneLabels(mp.curg.labels)"), "labels are also assigned in proc.go: newg.labels = cloneLabels(mp.curg.labels)"},
		{"the condition is another", replace("proc.go", "\t\t\tnewg.labels", "\t\tnewg.labels"), "the line that has a new goroutine inherit them is in proc.go 0 times"},
		{"they are inherited in two places", replace("proc.go", "\t\t\tnewg.labels = mp.curg.labels\n", "\t\t\tnewg.labels = mp.curg.labels\n\t\t\tnewg.labels = mp.curg.labels\n"), "is in proc.go 2 times"},
		{"they are not cleared", replace("proc.go", "\tgp.labels = nil\n", ""), "the line that clears them at its end is in proc.go 0 times"},
		{"somebody else moves them", func(files map[string]string) {
			files["coro.go"] = "package runtime\n\nfunc coro() {\n\tnext.labels = gp.labels // as well\n}\n"
		}, "labels are also assigned in coro.go: next.labels = gp.labels // as well"},
		{"our file is there", func(files map[string]string) { files[accessorsFile] = "package runtime\n" }, "it has a file heirloom.go already"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			d := distribution(t, test.change)
			_, err := d.Prepare(t.TempDir(), "", "")
			var unknown *UnknownReleaseError
			require.ErrorAs(t, err, &unknown)
			assert.Contains(t, err.Error(), test.want)
			assert.Contains(t, err.Error(), "go1.99.1")
		})
	}

	d := distribution(t)
	d.Root = t.TempDir()
	_, err := d.Prepare(t.TempDir(), "", "")
	assert.ErrorContains(t, err, "has no sources", "a distribution without them")
}

// Toolchains that a go.mod requires are in the module cache.
func TestModuleCache(t *testing.T) {
	d := distribution(t)
	d.ModCache = filepath.Dir(d.Root)
	cache := t.TempDir()
	for range 2 { // the second time, the link exists
		b, err := d.Prepare(cache, "", "")
		require.NoError(t, err)
		assert.NotEqual(t, d.Root, b.Root)
		assert.True(t, strings.HasPrefix(b.Root, cache))
		assert.Equal(t, proc, read(t, runtimeFile(b.Root, "proc.go")), "it is the distribution by another name")
		for from := range replacements(t, b) {
			assert.True(t, strings.HasPrefix(from, b.Root), from)
		}
	}
	b, err := d.Prepare(cache, "", "")
	require.NoError(t, err)
	require.NoError(t, os.Remove(b.Root))
	require.NoError(t, os.Mkdir(b.Root, 0o777))
	_, err = d.Prepare(cache, "", "")
	assert.ErrorContains(t, err, "remove it")
}

// The go command and its cache see no change if there is none.
func TestNothingIsWrittenTwice(t *testing.T) {
	d, cache := distribution(t), t.TempDir()
	first, err := d.Prepare(cache, "", "")
	require.NoError(t, err)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	paths := append([]string{first.Overlay}, filesOf(replacements(t, first))...)
	for _, path := range paths {
		require.NoError(t, os.Chtimes(path, old, old))
	}
	second, err := d.Prepare(cache, "", "")
	require.NoError(t, err)
	assert.Equal(t, first, second)
	for _, path := range paths {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, old, info.ModTime(), path)
	}

	require.NoError(t, os.WriteFile(paths[1], []byte("cut off"), 0o666))
	_, err = d.Prepare(cache, "", "")
	require.NoError(t, err)
	assert.NotEqual(t, "cut off", read(t, paths[1]), "and a damaged file is written again")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(first.Overlay), "*.tmp"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func filesOf(replace map[string]string) (paths []string) {
	for _, to := range replace {
		paths = append(paths, to)
	}
	return paths
}

func TestUsersOverlay(t *testing.T) {
	d := distribution(t)
	d.ModCache = filepath.Dir(d.Root)
	dir := t.TempDir()
	mine := filepath.Join(dir, "proc.go")
	require.NoError(t, os.WriteFile(mine, []byte(strings.Replace(proc, "if user", "if mine", 1)), 0o666))
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{
		runtimeFile(d.Root, "proc.go"): "proc.go",
		"main.go":                      "other.go",
		"removed.go":                   "",
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.json"), list, 0o666))

	cache := t.TempDir()
	b, err := d.Prepare(cache, "mine.json", dir)
	require.NoError(t, err)
	to := replacements(t, b)
	assert.Equal(t, filepath.Join(dir, "other.go"), to[filepath.Join(dir, "main.go")], "paths are of the folder that go is run in")
	assert.Contains(t, to, filepath.Join(dir, "removed.go"))
	assert.Empty(t, to[filepath.Join(dir, "removed.go")])
	text := read(t, to[runtimeFile(b.Root, "proc.go")])
	assert.Contains(t, text, "if mine", "what the user's says of the runtime holds")
	assert.Contains(t, text, "newg.heirloom = mp.curg.heirloom")
	assert.NotContains(t, to, runtimeFile(d.Root, "proc.go"), "and not by the name in the module cache")

	plain, err := d.Prepare(cache, "", dir)
	require.NoError(t, err)
	assert.NotEqual(t, plain.Overlay, b.Overlay)
	assert.Equal(t, plain.Root, b.Root, "two overlays in use at once have one GOROOT")

	_, err = d.Prepare(cache, "none.json", dir)
	assert.ErrorContains(t, err, "your overlay")
	_, err = d.Prepare(cache, "proc.go", dir)
	assert.ErrorContains(t, err, "your overlay proc.go: invalid character")
}

func TestPatch(t *testing.T) {
	for _, command := range [][]string{{"patch", "-p1", "--fuzz=0"}, {"git", "apply"}} {
		t.Run(command[0], func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip("there is no such command")
			}
			d := distribution(t)
			b, err := d.Prepare(t.TempDir(), "", "")
			require.NoError(t, err)
			want := replacements(t, b)

			var patch bytes.Buffer
			require.NoError(t, d.Patch(&patch))
			assert.Equal(t, len(want), strings.Count("\n"+patch.String(), "\ndiff --git a/src/runtime/"),
				"by this line Bazel knows where a file's part begins")
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Dir = d.Root
			cmd.Stdin = &patch
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			for from, to := range want {
				assert.Equal(t, read(t, to), read(t, from))
			}
		})
	}
}
