package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// privateKey is the name of the file with the key of [hubkey.Certificate], which no
// other program needs.
const privateKey = "hub.key"

// makeToken returns the token in a file, which it makes, with a new token and mode
// 0600, if there is none.
func makeToken(path string) (string, error) {
	err := writeNew(path, []byte(rand.Text()+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return hubkey.ReadToken(path)
}

// writeNew makes a file with mode 0600, and the folder it is in with mode 0700 if
// that is missing. A file that is there stays as it is, and the error is
// [fs.ErrExist]. Nobody sees half of a file.
func writeNew(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // which, unlike a rename, replaces nothing
}
