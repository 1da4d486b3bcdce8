package main

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const own = "github.com/heirloom-go/heirloom"

// tree is a repository with every kind of module: published modules that require each
// other, in the reverse order of their names, and one module of each kind that is not
// published.
var tree = map[string]string{
	"LICENSE":             "the licence\n",
	"CHANGELOG.md":        "# Changelog\n\n## [Unreleased]\n\n- all of it\n\n[Unreleased]: https://example.com/r/commits/main\n",
	"go.mod":              "module " + own + "\n\ngo 1.25.0\n",
	"var.go":              "package heirloom\n",
	"a/go.mod":            goModText("a", "../", "", "z"),
	"a/go.sum":            "example.com/other v1.0.0 h1:x=\n",
	"a/a.go":              "package a\n",
	"z/go.mod":            goModText("z", "../", ""),
	"z/z.go":              "package z\n",
	"z/LICENSE":           "a licence of its own\n",
	"cmd/tool/go.mod":     "module " + own + "/cmd/tool\n\ngo 1.25.0\n\nrequire " + own + " v0.1.0\n",
	"cmd/tool/main.go":    "package main\n",
	"bench/go.mod":        goModText("bench", "../", "a"),
	"examples/go.mod":     goModText("examples", "../", "z"),
	".ci/tools/go.mod":    "module " + own + "/tools\n\ngo 1.26.0\n",
	"a/testdata/go.mod":   "module example.com/testdata\n\ngo 1.25.0\n\nrequire " + own + " v0.1.0\n\nreplace " + own + " => ../..\n",
	"z/testdata/file.txt": "part of z\n",
}

// goModText returns a go.mod that requires and replaces others.
func goModText(name, up string, requires ...string) string {
	text := "module " + own + "/" + name + "\n\ngo 1.25.0\n"
	for _, r := range requires {
		full := strings.TrimSuffix(own+"/"+r, "/")
		text += "\nrequire " + full + " v0.1.0\n\nreplace " + full + " => " + up + r + "\n"
	}
	return text
}

// checkout writes a tree into a git repository and returns its folder.
func checkout(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	git(t, dir, "init", "--quiet")
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "core.autocrlf=false"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %s: %s", args, out)
}

func loaded(t *testing.T, dir string) *repository {
	t.Helper()
	r, err := load(dir)
	require.NoError(t, err)
	return r
}

func dirs(modules []*goModule) []string {
	var names []string
	for _, m := range modules {
		names = append(names, m.dir)
	}
	return names
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

func TestPublishedInOrder(t *testing.T) {
	r := loaded(t, checkout(t, tree))
	assert.Equal(t, []string{".", "z", "a", "cmd/tool"}, dirs(r.published))
	required, err := r.required()
	require.NoError(t, err)
	assert.Equal(t, "v0.1.0", required)
}

func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, file, text, want string
		reason                 string
	}{
		{"misnamed", "z/go.mod", "module " + own + "/y\n", "must be called " + own + "/z", "the go command would not find it by its tag"},
		{"unpublished", "z/go.mod", goModText("z", "../", "bench"), "bench, which is not", "a user could not get it"},
		{"cycle", "z/go.mod", goModText("z", "../", "a"), "requires itself", "neither checksum could be part of the other"},
		{"syntax", "z/go.mod", "modul z\n", "z/go.mod:1", "the error names the file and the line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := checkout(t, tree)
			require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(tt.file)), []byte(tt.text), 0o644))
			_, err := load(dir)
			assert.ErrorContains(t, err, tt.want, tt.reason)
		})
	}
}

func TestRequiredRefusesTwoVersions(t *testing.T) {
	dir := checkout(t, tree)
	name := filepath.Join(dir, "bench", "go.mod")
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(tree["bench/go.mod"], "v0.1.0", "v0.0.0", 1)), 0o644))
	_, err := loaded(t, dir).required()
	assert.ErrorContains(t, err, "write one version everywhere")
}

func TestPin(t *testing.T) {
	dir := checkout(t, tree)
	require.NoError(t, loaded(t, dir).setVersions("v0.2.0"))
	require.NoError(t, loaded(t, dir).pin("v0.2.0"))

	for _, name := range []string{"a", "z", "cmd/tool"} {
		goMod := read(t, dir, name+"/go.mod")
		assert.NotContains(t, goMod, "replace", name)
		assert.Contains(t, goMod, own+" v0.2.0", name)
	}
	for _, name := range []string{"bench", "examples", "a/testdata"} {
		goMod := read(t, dir, name+"/go.mod")
		assert.Contains(t, goMod, "replace", "%s is not for users, and stays tied to the tree", name)
		assert.NotContains(t, goMod, "v0.1.0", name)
	}
	assert.Regexp(t, `(?s)^example.com/other v1.0.0 h1:x=
`+own+` v0.2.0 h1:\S+
`+own+` v0.2.0/go.mod h1:\S+
`+own+`/z v0.2.0 h1:\S+
`+own+`/z v0.2.0/go.mod h1:\S+
$`, read(t, dir, "a/go.sum"))
	assert.NoFileExists(t, filepath.Join(dir, "go.sum"), "the root requires none of the others")

	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "--message", "release")
	r := loaded(t, dir)
	require.NoError(t, r.verify("v0.2.0", "HEAD"))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "z", "z.go"), []byte("package z // changed\n"), 0o644))
	git(t, dir, "commit", "--quiet", "--all", "--message", "too late")
	assert.ErrorContains(t, r.verify("v0.2.0", "HEAD"), "is not the checksum of that commit")
}

func TestPinTwice(t *testing.T) {
	dir := checkout(t, tree)
	require.NoError(t, loaded(t, dir).pin("v0.1.0"))
	first := read(t, dir, "a/go.sum")
	require.NoError(t, loaded(t, dir).pin("v0.1.0"))
	assert.Equal(t, first, read(t, dir, "a/go.sum"))
}

func TestProxy(t *testing.T) {
	dir, proxy := checkout(t, tree), t.TempDir()
	require.NoError(t, loaded(t, dir).writeProxy("v0.1.0", proxy))
	assert.Equal(t, "v0.1.0\n", read(t, proxy, own+"/z/@v/list"))
	assert.Equal(t, tree["z/go.mod"], read(t, proxy, own+"/z/@v/v0.1.0.mod"))
	assert.Contains(t, read(t, proxy, own+"/z/@v/v0.1.0.info"), `"Version":"v0.1.0"`)
	assert.NoDirExists(t, filepath.Join(proxy, filepath.FromSlash(own), "bench"))

	for name, want := range map[string][]string{
		own:        {"CHANGELOG.md", "LICENSE", "go.mod", "var.go"},
		own + "/a": {"LICENSE", "a.go", "go.mod", "go.sum"},
		own + "/z": {"LICENSE", "go.mod", "testdata/file.txt", "z.go"},
	} {
		zipped := []byte(read(t, proxy, name+"/@v/v0.1.0.zip"))
		reader, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
		require.NoError(t, err)
		var files []string
		for _, f := range reader.File {
			files = append(files, strings.TrimPrefix(f.Name, name+"@v0.1.0/"))
		}
		assert.ElementsMatch(t, want, files, name)
	}
}

func TestAlone(t *testing.T) {
	dir := checkout(t, tree)
	var out bytes.Buffer
	require.NoError(t, loaded(t, dir).alone(&out, "cmd/tool"))
	assert.Contains(t, out.String(), "replace "+own+" => "+dir)
	assert.Equal(t, tree["cmd/tool/go.mod"], read(t, dir, "cmd/tool/go.mod"), "the file itself stays as it is")
	assert.Error(t, loaded(t, dir).alone(&out, "nowhere"))
}

func TestOpenSection(t *testing.T) {
	day := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	text, err := openSection(tree["CHANGELOG.md"], "v0.1.0", day)
	require.NoError(t, err)
	assert.Equal(t, "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-11-26\n\n- all of it\n\n"+
		"[Unreleased]: https://example.com/r/compare/v0.1.0...HEAD\n"+
		"[0.1.0]: https://example.com/r/releases/tag/v0.1.0\n", text)

	_, err = openSection(text, "v0.2.0", day)
	assert.ErrorContains(t, err, "nothing is unreleased")
	_, err = openSection(text, "v0.1.0", day)
	assert.ErrorContains(t, err, "already")

	more := strings.Replace(text, "## [Unreleased]\n", "## [Unreleased]\n\n- more\n", 1)
	more, err = openSection(more, "v0.2.0", day)
	require.NoError(t, err)
	assert.Contains(t, more, "## [Unreleased]\n\n## [0.2.0] - 2026-11-26\n\n- more\n\n## [0.1.0]")
	assert.Contains(t, more, "[Unreleased]: https://example.com/r/compare/v0.2.0...HEAD\n[0.2.0]: https://example.com/r/releases/tag/v0.2.0\n[0.1.0]:")
}

// The section may have its number before the day of its release is known.
func TestOpenSectionAnnounced(t *testing.T) {
	day := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	announced := strings.ReplaceAll(tree["CHANGELOG.md"], "## [Unreleased]\n", "## [0.1.0] - unreleased\n")
	announced = strings.ReplaceAll(announced, "[Unreleased]: ", "[0.1.0]: ")
	text, err := openSection(announced, "v0.1.0", day)
	require.NoError(t, err)
	unannounced, err := openSection(tree["CHANGELOG.md"], "v0.1.0", day)
	require.NoError(t, err)
	assert.Equal(t, unannounced, text, "the release is the same")

	_, err = openSection(announced, "v0.2.0", day)
	assert.ErrorContains(t, err, "announces 0.1.0, and this is the release of 0.2.0")
	_, err = openSection(strings.ReplaceAll(announced, "[0.1.0]: ", "[Unreleased]: "), "v0.1.0", day)
	assert.ErrorContains(t, err, "lacks the link of its section 0.1.0")
	_, err = openSection("# Changelog\n", "v0.1.0", day)
	assert.ErrorContains(t, err, `"## [0.1.0] - unreleased"`)
}

func TestNext(t *testing.T) {
	for _, tt := range []struct{ changelog, want, reason string }{
		{"## [Unreleased]\n", "v0.1.0", "what the tree requires is not released"},
		{"## [0.1.0] - unreleased\n", "v0.1.0", "the same, announced"},
		{"## [Unreleased]\n\n## [0.1.0] - 2026-11-26\n", "v0.2.0", "it is released"},
		{"## [0.1.1] - unreleased\n\n## [0.1.0] - 2026-11-26\n", "v0.1.1", "the version that the changelog announces"},
	} {
		assert.Equal(t, tt.want, next(tt.changelog, "v0.1.0"), tt.reason)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, tt := range []struct{ args, want, reason string }{
		{"", "no command", "nothing to do"},
		{"publish", "unknown command", "a word that is no command"},
		{"set", "takes 1 arguments", "no version"},
		{"set 0.1.0", "they look like v0.1.0", "versions of Go modules begin with v"},
		{"set v0.1", "they look like v0.1.0", "not canonical"},
		{"set v2.0.0", "they look like v0.1.0", "the module own lacks /v2"},
	} {
		assert.ErrorContains(t, run(strings.Fields(tt.args)), tt.want, tt.reason)
	}
}
