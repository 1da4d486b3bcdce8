// Package hubkey finds and reads what a program needs to use a hub, as heirloom-hub is
// one: the hub's token, which opens it, and the certificate by which it is known. The hub
// makes both where it runs; programs on other machines get copies of the files.
//
//	path, err := hubkey.Path(hubkey.Token)
//	token, err := hubkey.ReadToken(path)
//	nc, err := nats.Connect(url, nats.Token(token), nats.MaxReconnects(-1))
//	engine, err := remotenats.New(ctx, nc)
//
// A hub beyond loopback has TLS: with a certificate of its own, [nats.RootCAs] takes the
// path of that.
//
// [nats.RootCAs]: https://pkg.go.dev/github.com/nats-io/nats.go#RootCAs
package hubkey

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// The names of the files, for [Path].
const (
	Token       = "hub.token" // a line of text
	Certificate = "hub.pem"   // in PEM
)

// Path returns where the file of that name is unless the user says otherwise: in
// the folder heirloom of [os.UserConfigDir], whose error it returns.
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
// owner may read, where the system knows such a thing, and one that holds anything
// else than one word. The error is [io/fs.ErrNotExist] if there is no file. A program
// that is to go on when the token is replaced reads it for each connection.
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
