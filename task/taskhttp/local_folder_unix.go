//go:build unix

package taskhttp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	runtimeFolders = "/run/user" // with a folder for each user who is logged in
	sharedFolder   = "/tmp"      // not TMPDIR, which may differ between the two sides
)

// folders returns the folders in which sockets may be, the best one for the user of this
// process first. For root, the folders of other users follow.
func folders() []folder {
	return foldersFor(os.Geteuid(), os.Getenv("XDG_RUNTIME_DIR"), runtimeFolders, sharedFolder)
}

func foldersFor(user int, given, runtimes, shared string) []folder {
	of := func(uid int) []folder {
		id := strconv.Itoa(uid)
		return []folder{
			{path: filepath.Join(runtimes, id, "heirloom"), owner: uid, own: uid == user},
			{path: filepath.Join(shared, "heirloom-"+id), owner: uid, own: uid == user, shared: true},
		}
	}
	list := of(user)
	if filepath.IsAbs(given) {
		list = slices.Insert(list, 0, folder{path: filepath.Join(given, "heirloom"), owner: user, own: true})
	}
	if user != 0 {
		return list
	}
	seen := map[int]bool{user: true}
	for _, pattern := range []string{filepath.Join(runtimes, "*"), filepath.Join(shared, "heirloom-*")} {
		found, _ := filepath.Glob(pattern) // the pattern is valid
		for _, path := range found {
			uid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "heirloom-"))
			if err == nil && !seen[uid] {
				seen[uid] = true
				list = append(list, of(uid)...)
			}
		}
	}
	return list
}

// check returns an error unless the folder exists, belongs to its owner, and is closed to
// other users.
func (f folder) check() error { return checkOwner(f.path, f.owner, 0o077) }

// checkParent returns an error if the user's runtime folder belongs to another user, who
// may have left it in the environment, as sudo -E does.
func (f folder) checkParent() error {
	if f.shared {
		return nil
	}
	return checkOwner(filepath.Dir(f.path), f.owner, 0o022)
}

func checkOwner(path string, uid int, forbidden os.FileMode) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case !ok || int(stat.Uid) != uid:
		return fmt.Errorf("%s belongs to another user", path)
	case info.Mode().Perm()&forbidden != 0:
		return fmt.Errorf("%s is open to other users: its mode is %#o", path, info.Mode().Perm())
	}
	return nil
}

// alive reports whether there is a process with this id, of any user.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
