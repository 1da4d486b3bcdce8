// Package hubkey has the files by which a hub and the programs that use it trust
// each other: a token, which opens the hub, and the hub's certificate.
package hubkey

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// The files' names in the folder that [Path] returns a path in.
const (
	Token       = "hub.token"
	Certificate = "hub.pem"
	PrivateKey  = "hub.key"
)

// Path returns where the file of that name is unless the user says otherwise: in
// the folder heirloom of [os.UserConfigDir].
func Path(name string) (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "heirloom", name), nil
}

// maxToken bounds a file that may be any file.
const maxToken = 4 << 10

// ReadToken returns the token in a file. It refuses a file that others than its
// owner may read, where the system knows such a thing.
func ReadToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: others may read the token (mode %#o); chmod 600 it", path, mode.Perm())
	}
	text := make([]byte, maxToken+1)
	n, err := f.Read(text)
	token := bytes.TrimSpace(text[:n])
	if err != nil && n == 0 || len(token) == 0 || n > maxToken || bytes.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: there is no token in it", path)
	}
	return string(token), nil
}

// MakeToken returns the token in a file, which it makes, with a new token and mode
// 0600, if there is none.
func MakeToken(path string) (string, error) {
	err := WriteNew(path, []byte(rand.Text()+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return ReadToken(path)
}

// WriteNew makes a file with mode 0600, and the folder it is in with mode 0700 if
// that is missing. A file that is there stays as it is, and the error is
// [fs.ErrExist]. Nobody sees half of a file.
func WriteNew(path string, data []byte) error {
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
