package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A repository is a checkout: the files that git tracks or would add, as they are on
// disk.
type repository struct {
	root      string // absolute
	files     []string
	modules   map[string]*goModule // all of them, by path
	published []*goModule          // each after those that it requires
}

// A goModule is a module of the repository.
type goModule struct {
	dir  string // slash-separated, "." for the root
	file *modfile.File
}

func (m *goModule) path() string { return m.file.Module.Mod.Path }

// load returns the repository in a folder.
func load(root string) (*repository, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	r := &repository{root: root, modules: make(map[string]*goModule)}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		// A file that is deleted, but not yet in the index, is still listed.
		if _, err := os.Lstat(r.disk(name)); err == nil {
			r.files = append(r.files, name)
		}
	}
	slices.Sort(r.files)
	r.files = slices.Compact(r.files)

	var published []*goModule
	for _, name := range r.files {
		if path.Base(name) != "go.mod" {
			continue
		}
		data, err := os.ReadFile(r.disk(name))
		if err != nil {
			return nil, err
		}
		file, err := modfile.Parse(name, data, nil)
		if err != nil {
			return nil, err
		}
		m := &goModule{dir: path.Dir(name), file: file}
		r.modules[m.path()] = m
		if isPublished(m.dir) {
			published = append(published, m)
		}
	}
	slices.SortFunc(published, func(a, b *goModule) int { return strings.Compare(a.dir, b.dir) })
	if len(published) == 0 || published[0].dir != "." {
		return nil, fmt.Errorf("%s: no go.mod at the root of the repository", root)
	}
	for _, m := range published {
		// The go command finds a nested module, and its tag, by this rule.
		if want := path.Join(published[0].path(), m.dir); m.path() != want {
			return nil, fmt.Errorf("%s/go.mod: module %s must be called %s to be found where it is", m.dir, m.path(), want)
		}
	}
	if r.published, err = r.inOrder(published); err != nil {
		return nil, err
	}
	return r, nil
}

// isPublished reports whether the module in a folder is for users. Benchmarks,
// examples, tools and test data are not, and neither are modules that no user may
// import.
func isPublished(dir string) bool {
	parts := strings.Split(dir, "/")
	switch parts[0] {
	case "bench", "examples", ".ci":
		return false
	}
	return !slices.Contains(parts, "testdata") && !slices.Contains(parts, "internal")
}

func (r *repository) disk(name string) string { return filepath.Join(r.root, filepath.FromSlash(name)) }

// moduleAt returns the module with its go.mod in a folder, or nil if there is none.
func (r *repository) moduleAt(dir string) *goModule {
	for _, m := range r.modules {
		if m.dir == dir {
			return m
		}
	}
	return nil
}

// own returns the modules of this repository that m requires.
func (r *repository) own(m *goModule) []*goModule {
	var own []*goModule
	for _, require := range m.file.Require {
		if required := r.modules[require.Mod.Path]; required != nil {
			own = append(own, required)
		}
	}
	return own
}

// allOwn returns the modules of this repository that m requires, directly or
// indirectly.
func (r *repository) allOwn(m *goModule) []*goModule {
	seen := make(map[*goModule]bool)
	var visit func(*goModule)
	visit = func(m *goModule) {
		for _, required := range r.own(m) {
			if !seen[required] {
				seen[required] = true
				visit(required)
			}
		}
	}
	visit(m)
	return slices.DeleteFunc(slices.Clone(r.published), func(m *goModule) bool { return !seen[m] })
}

// inOrder puts each module after all modules that it requires, and otherwise keeps the
// order.
func (r *repository) inOrder(modules []*goModule) ([]*goModule, error) {
	var ordered []*goModule
	const visiting, done = 1, 2
	state := make(map[*goModule]int)
	var visit func(*goModule) error
	visit = func(m *goModule) error {
		switch state[m] {
		case done:
			return nil
		case visiting:
			// Go allows such a cycle, but then each module's checksum would be a part of the
			// other's.
			return fmt.Errorf("%s requires itself by way of other modules", m.path())
		}
		state[m] = visiting
		for _, required := range r.own(m) {
			if !slices.Contains(modules, required) {
				return fmt.Errorf("%s is published, and requires %s, which is not", m.path(), required.path())
			}
			if err := visit(required); err != nil {
				return err
			}
		}
		state[m] = done
		ordered = append(ordered, m)
		return nil
	}
	for _, m := range modules {
		if err := visit(m); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// required returns the version at which the modules require each other. It must be the
// same everywhere, so that the tree can be served as that version.
func (r *repository) required() (string, error) {
	version, by := "", ""
	for _, m := range r.modules {
		for _, require := range m.file.Require {
			if r.modules[require.Mod.Path] == nil {
				continue
			}
			if version != "" && version != require.Mod.Version {
				return "", fmt.Errorf("%s requires %s at %s, and %s something at %s: write one version everywhere",
					m.path(), require.Mod.Path, require.Mod.Version, by, version)
			}
			version, by = require.Mod.Version, m.path()
		}
	}
	if version == "" {
		return "", fmt.Errorf("no module requires another")
	}
	return version, nil
}

// setVersions makes every module, published or not, require the others at a version.
func (r *repository) setVersions(version string) error {
	for _, m := range r.modules {
		for _, required := range r.own(m) {
			if err := m.file.AddRequire(required.path(), version); err != nil {
				return err
			}
		}
		if err := r.write(m); err != nil {
			return err
		}
	}
	return nil
}

// write stores a go.mod if it was edited.
func (r *repository) write(m *goModule) error {
	m.file.Cleanup()
	data, err := m.file.Format()
	if err != nil {
		return err
	}
	name := r.disk(path.Join(m.dir, "go.mod"))
	if old, err := os.ReadFile(name); err != nil || bytes.Equal(old, data) {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// alone prints a go.mod with which the module in dir can be built without the
// workspace. A command has no replace directives of its own, since `go install` refuses
// them.
func (r *repository) alone(w io.Writer, dir string) error {
	m := r.moduleAt(path.Clean(dir))
	if m == nil {
		return fmt.Errorf("no module in %s", dir)
	}
	for _, required := range r.allOwn(m) {
		if err := m.file.AddReplace(required.path(), "", r.disk(required.dir), ""); err != nil {
			return err
		}
	}
	m.file.Cleanup()
	data, err := m.file.Format()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
