package exact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An overlay is the content of the file that the flag -overlay names.
type overlay struct{ Replace map[string]string }

// A Build is what a go command needs to build in exact mode.
type Build struct {
	Root    string // the GOROOT to use: the distribution's, perhaps under another name
	Overlay string // the path of the overlay
}

// Prepare writes the overlay for d to a folder below cache, where it stays for the next
// time. If the user has an overlay too, userFile is its name, and the prepared overlay
// does what both do. Relative paths in the user's overlay start from dir, as the go
// command requires.
//
// Several processes may do this at once, because the content of a file depends only on
// its name.
func (d *Distribution) Prepare(cache, userFile, dir string) (*Build, error) {
	user, err := readOverlay(userFile, dir)
	if err != nil {
		return nil, err
	}
	sources, err := d.sources(user)
	if err != nil {
		return nil, err
	}

	folder := filepath.Join(cache, "heirloom", "exact", pathSafe(d.Version)+"-"+short(d.Root))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	root := d.Root
	if isBelow(d.ModCache, root) {
		// The go command refuses to overlay files that are in the module cache according to
		// their names. Toolchains that a go.mod requires are there.
		root = filepath.Join(folder, "goroot")
		if err := link(d.Root, root); err != nil {
			return nil, fmt.Errorf("the go command takes no overlay of files in the module cache, so %s needs another name: %w", d.Root, err)
		}
	}

	var everything strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		fmt.Fprintf(&everything, "%s %d\n%s", name, len(sources[name]), sources[name])
	}
	folder = filepath.Join(folder, short(everything.String()))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for from, to := range user {
		if isBelow(d.Root, from) {
			from = root + strings.TrimPrefix(from, d.Root)
		}
		all[from] = to
	}
	for name, text := range sources {
		path := filepath.Join(folder, name)
		if err := write(path, text); err != nil {
			return nil, err
		}
		all[runtimeFile(root, name)] = path
	}
	text, err := json.MarshalIndent(overlay{all}, "", "\t")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "overlay-"+short(string(text))+".json")
	if err := write(path, text); err != nil {
		return nil, err
	}
	return &Build{Root: root, Overlay: path}, nil
}

// readOverlay returns the replacements of the overlay in a file, with absolute paths.
// It returns none if the name is empty.
func readOverlay(file, dir string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	absolute := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	text, err := os.ReadFile(absolute(file))
	if err != nil {
		return nil, fmt.Errorf("your overlay: %w", err)
	}
	var o overlay
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("your overlay %s: %w", file, err)
	}
	user := make(map[string]string, len(o.Replace))
	for from, to := range o.Replace {
		user[filepath.Clean(absolute(from))] = absolute(to)
	}
	return user, nil
}

// write makes text the content of a file. Readers see the old content or the new one,
// never a part. A file that has the content already is left alone, because the go
// command looks at its time to see that nothing has changed.
func write(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// link gives a folder another name, unless it has that name already.
func link(folder, name string) error {
	err := makeLink(folder, name)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	now, err := os.Stat(name)
	if err != nil {
		return err
	}
	want, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if !os.SameFile(now, want) {
		return fmt.Errorf("%s is there and is no link to it: remove it", name)
	}
	return nil
}

// isBelow reports whether path is in a folder, judging by their names.
func isBelow(folder, path string) bool {
	if folder == "" {
		return false
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// short returns a name that depends on the content of s.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// pathSafe returns a version, which may be "devel go1.28-1a2b3c Thu Nov 26", in a form
// that can be part of a file's name.
func pathSafe(version string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '/' || r == '\\' || r == ':' {
			return '_'
		}
		return r
	}, version)
}
