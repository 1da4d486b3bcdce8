package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// failClosed makes a standard stream that the program was started without (heirloom run
// … >&-) fail, here and in the commands that we run, as it does in other programs: what
// is written to the null device, by which Go's runtime replaces the stream, is lost and
// nobody hears of it. The stream stays occupied, so that no file gets its number.
//
// It must run before the streams are used. The null device alone does not show that
// the stream was closed (see mustPrint), so failClosed looks at the parent process, if it
// can.
func failClosed() {
	var replaced []*os.File
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if replacedByRuntime(f) {
			replaced = append(replaced, f)
		}
	}
	if len(replaced) == 3 {
		return // as daemon(3) starts programs
	}
	for _, f := range replaced {
		fd := int(f.Fd())
		if !closedBy(os.Getppid(), fd) {
			continue
		}
		wrong := os.O_RDONLY
		if f == os.Stdin {
			wrong = os.O_WRONLY
		}
		if null, err := os.OpenFile(os.DevNull, wrong, 0); err == nil {
			_ = unix.Dup3(int(null.Fd()), fd, 0)
			null.Close()
		}
	}
}

// closedBy reports whether the parent closed a descriptor that is the null device now,
// open for reading and writing: it has none itself, or it is a shell, which has another
// file there and never opens the null device in this way. Others do, to discard output:
// Python's DEVNULL and Node's 'ignore'.
func closedBy(parent, fd int) bool {
	dir := fmt.Sprintf("/proc/%d", parent)
	exe, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil || parent == 1 { // which is not the one that started us, perhaps
		return false
	}
	file, err := os.Readlink(filepath.Join(dir, "fd", fmt.Sprint(fd)))
	if err != nil {
		return os.IsNotExist(err)
	}
	name := strings.TrimRight(filepath.Base(exe), "0123456789.-") // zsh-5.9
	return file != os.DevNull && slices.Contains(startersOfShells, name)
}

// startersOfShells are shells, and programs that give command lines to a shell, of which
// the shell may become the last command.
var startersOfShells = []string{
	"ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "rbash", "sh", "yash", "zsh",
	"cron", "crond", "heirloom", "make", "ninja",
}
