package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"
)

// zipped returns the module's zip file. It is byte for byte what the go command would
// make from a tag on this tree, except for its compression, which checksums do not
// cover.
func (r *repository) zipped(m *goModule, version string) ([]byte, error) {
	var files []modzip.File
	license := false
	for _, name := range r.files {
		inside := name
		if m.dir != "." {
			var ok bool
			if inside, ok = strings.CutPrefix(name, m.dir+"/"); !ok {
				continue
			}
		}
		license = license || inside == "LICENSE"
		files = append(files, treeFile{inside, r.disk(name)})
	}
	// A nested module without a licence of its own gets the repository's.
	if !license && slices.Contains(r.files, "LICENSE") {
		files = append(files, treeFile{"LICENSE", r.disk("LICENSE")})
	}
	var buffer bytes.Buffer
	if err := modzip.Create(&buffer, module.Version{Path: m.path(), Version: version}, files); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// treeFile is a file of the tree in the form that the zip package needs.
type treeFile struct{ inside, disk string }

func (f treeFile) Path() string                 { return f.inside }
func (f treeFile) Lstat() (os.FileInfo, error)  { return os.Lstat(f.disk) }
func (f treeFile) Open() (io.ReadCloser, error) { return os.Open(f.disk) }

// sums returns the two lines of a go.sum for a module.
func sums(m *goModule, version string, zipped, goMod []byte) ([]string, error) {
	temp, err := os.CreateTemp("", "heirloom-*.zip")
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(zipped)
	if err := errors.Join(err, temp.Close()); err != nil {
		return nil, err
	}
	zipSum, err := dirhash.HashZip(temp.Name(), dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	modSum, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(goMod)), nil
	})
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("%s %s %s", m.path(), version, zipSum),
		fmt.Sprintf("%s %s/go.mod %s", m.path(), version, modSum),
	}, nil
}

// pin gives the published modules the form that is tagged. The order matters, because a
// module's checksum covers its go.sum, and so the checksums of the modules that it
// requires.
func (r *repository) pin(version string) error {
	lines := make(map[*goModule][]string)
	for _, m := range r.published {
		for _, required := range r.allOwn(m) {
			if err := m.file.DropReplace(required.path(), ""); err != nil {
				return err
			}
		}
		if err := r.write(m); err != nil {
			return err
		}
		var own []string
		for _, required := range r.allOwn(m) {
			own = append(own, lines[required]...)
		}
		if err := r.addSums(m, own); err != nil {
			return err
		}
		zipped, err := r.zipped(m, version)
		if err != nil {
			return err
		}
		goMod, err := os.ReadFile(r.disk(path.Join(m.dir, "go.mod")))
		if err != nil {
			return err
		}
		if lines[m], err = sums(m, version, zipped, goMod); err != nil {
			return err
		}
	}
	return nil
}

// addSums puts the lines of this repository's modules into a go.sum, in place of any that
// it had before.
func (r *repository) addSums(m *goModule, lines []string) error {
	name := path.Join(m.dir, "go.sum")
	old, err := os.ReadFile(r.disk(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(old)) {
		if modPath, _, _ := strings.Cut(line, " "); r.modules[modPath] == nil {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	slices.SortFunc(lines, compareSums)
	if !slices.Contains(r.files, name) {
		r.files = append(r.files, name)
	}
	return os.WriteFile(r.disk(name), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// compareSums orders lines as the go command does: by path and version, with the line for the
// go.mod after that for the zip.
func compareSums(a, b string) int {
	parse := func(line string) (v module.Version) {
		fields := strings.Fields(line)
		return module.Version{Path: fields[0], Version: fields[1]}
	}
	if va, vb := parse(a), parse(b); va != vb {
		pair := []module.Version{vb, va}
		module.Sort(pair)
		if pair[0] == va {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// verify reads the modules from a commit, as the go command will read them from the
// tag, and compares them with the checksums in the commit's go.sum files.
func (r *repository) verify(version, revision string) error {
	actual := make(map[string]bool)
	for _, m := range r.published {
		subdir := m.dir
		if subdir == "." {
			subdir = ""
		}
		var buffer bytes.Buffer
		if err := modzip.CreateFromVCS(&buffer, module.Version{Path: m.path(), Version: version}, r.root, revision, subdir); err != nil {
			return err
		}
		goMod, err := r.committed(revision, path.Join(m.dir, "go.mod"))
		if err != nil {
			return err
		}
		lines, err := sums(m, version, buffer.Bytes(), goMod)
		if err != nil {
			return err
		}
		for _, line := range lines {
			actual[line] = true
		}
	}
	for _, m := range r.published {
		if len(r.allOwn(m)) == 0 {
			continue
		}
		goSum, err := r.committed(revision, path.Join(m.dir, "go.sum"))
		if err != nil {
			return err
		}
		found := 0
		for line := range strings.Lines(string(goSum)) {
			line = strings.TrimSuffix(line, "\n")
			modPath, _, _ := strings.Cut(line, " ")
			if r.modules[modPath] == nil {
				continue
			}
			if !actual[line] {
				return fmt.Errorf("%s/go.sum at %s: %q is not the checksum of that commit", m.dir, revision, line)
			}
			found++
		}
		if want := 2 * len(r.allOwn(m)); found != want {
			return fmt.Errorf("%s/go.sum at %s has %d lines for this repository's modules, not %d", m.dir, revision, found, want)
		}
	}
	return nil
}

// committed returns the content of a file in a commit.
func (r *repository) committed(revision, name string) ([]byte, error) {
	show := exec.Command("git", "cat-file", "blob", revision+":"+path.Clean(name))
	show.Dir = r.root
	data, err := show.Output()
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", name, revision, err)
	}
	return data, nil
}
