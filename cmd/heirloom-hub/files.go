package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// privateKey is the name of the file with the key for [hubkey.Certificate]. No other
// program needs it.
const privateKey = "hub.key"

// makeToken returns the token in a file. If there is no file, it makes one with a new
// token and mode 0600.
func makeToken(path string) (string, error) {
	err := writeNew(path, []byte(rand.Text()+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return hubkey.ReadToken(path)
}

// writeNew makes a file with mode 0600, and its folder with mode 0700 if that is
// missing. If the file exists, writeNew leaves it alone and returns [fs.ErrExist]. No
// other program sees an incomplete file.
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
	return os.Link(f.Name(), path) // unlike a rename, a link replaces nothing
}
