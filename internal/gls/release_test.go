package gls_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// With a Go release that treats labels in another way, a program stops at its start and
// says why. The releases here are the present one with a line changed by an overlay.
// Each needs a build of the standard library, so the test runs only if
// HEIRLOOM_RELEASES is set.
func TestOtherReleases(t *testing.T) {
	if os.Getenv("HEIRLOOM_RELEASES") == "" {
		t.Skip("HEIRLOOM_RELEASES is not set")
	}
	if gls.Mode == "exact" {
		t.Skip("no variables depend on labels")
	}
	tests := []struct {
		reason   string
		file     string
		old, new string
		says     string
	}{
		{
			"labels are copied into the goroutine", "runtime/proflabel.go",
			"getg().labels = labels\n",
			"if labels != nil {\n\t\ts := (*[3]uintptr)(mallocgc(24, nil, true))\n\t\t*s = *(*[3]uintptr)(labels)\n\t\tlabels = unsafe.Pointer(s)\n\t}\n\tgetg().labels = labels\n",
			"copied or dropped",
		},
		{
			"labels are cloned, records and all", "runtime/proflabel.go",
			"getg().labels = labels\n",
			"if set := (*[]struct{ key, value string })(labels); set != nil {\n\t\tclone := new([]struct{ key, value string })\n" +
				"\t\t*clone = append(*clone, *set...)\n\t\tlabels = unsafe.Pointer(clone)\n\t}\n\tgetg().labels = labels\n",
			"copied or dropped",
		},
		{
			"a goroutine gets a copy of its parent's", "runtime/proc.go",
			"newg.labels = mp.curg.labels\n",
			"if set := (*[3]unsafe.Pointer)(mp.curg.labels); set != nil {\n" +
				"\t\t\t\tnewg.labels = unsafe.Pointer(&[3]unsafe.Pointer{set[0], set[1], set[2]})\n\t\t\t}\n",
			"does not inherit",
		},
		{
			"labels are dropped", "runtime/proflabel.go",
			"getg().labels = labels\n", "getg().labels = nil\n",
			"copied or dropped",
		},
		{
			"goroutines do not inherit", "runtime/proc.go",
			"newg.labels = mp.curg.labels\n", "newg.labels = nil\n",
			"does not inherit",
		},
		{
			"pprof leaves out labels without a key", "runtime/pprof/label.go",
			"	lList, rList := left.",
			"	if all := left; len(all.List) > 0 && all.List[0].Key == \"\" {\n\t\tleft.List = all.List[1:]\n\t}\n	lList, rList := left.",
			"does not inherit",
		},
		{
			"labels are elsewhere", "runtime/pprof/runtime.go",
			"	runtime_setProfLabel(unsafe.Pointer(ctxLabels))\n",
			"	elsewhere = ctxLabels\n",
			"labels are not where they were",
		},
	}
	dir := t.TempDir()
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	// The go command refuses to overlay files in the module cache, where the toolchains
	// are that a go.mod requires. It decides by the name.
	root := filepath.Join(dir, "goroot")
	require.NoError(t, os.Symlink(strings.TrimSpace(string(goroot)), root))
	env := append(os.Environ(), "GOROOT="+root, "GOTOOLCHAIN=local", "GOFLAGS=",
		"PATH="+filepath.Join(root, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			path := filepath.Join(root, "src", filepath.FromSlash(tt.file))
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			if tt.file == "runtime/pprof/label.go" && !strings.Contains(string(text), "left.List") {
				t.Skip("this release calls the field otherwise")
			}
			require.Equal(t, 1, strings.Count(string(text), tt.old), "%s has %q", tt.file, tt.old)
			changed := strings.Replace(string(text), tt.old, tt.new, 1)
			if tt.file == "runtime/pprof/runtime.go" {
				changed += "\nvar elsewhere *labelMap\n"
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "changed.go")
			require.NoError(t, os.WriteFile(file, []byte(changed), 0o644))
			list, err := json.Marshal(map[string]any{"Replace": map[string]string{path: file}})
			require.NoError(t, err)
			overlay := filepath.Join(dir, "overlay.json")
			require.NoError(t, os.WriteFile(overlay, list, 0o644))

			program := filepath.Join(dir, "program")
			build := exec.Command("go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", program, ".")
			build.Env = env
			out, err := build.CombinedOutput()
			require.NoError(t, err, "%s", out)
			out, err = exec.Command(program, "-test.run=^$").CombinedOutput()
			assert.Error(t, err)
			assert.Contains(t, string(out), tt.says)
			assert.Contains(t, string(out), "use a later version of Heirloom")
		})
	}
}
