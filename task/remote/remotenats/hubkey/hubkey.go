// Package hubkey finds and reads the files that a program needs to use a hub, such as
// heirloom-hub: a token, which gives access to the hub, and a certificate, by which
// programs recognise it. The hub makes both where it runs; programs on other machines get
// copies of the files.
//
//	path, err := hubkey.Path(hubkey.Token)
//	token, err := hubkey.ReadToken(path)
//	nc, err := nats.Connect(url, nats.Token(token), nats.MaxReconnects(-1))
//	engine, err := remotenats.New(ctx, nc)
//
// Beyond loopback, a hub has TLS. If it uses its own certificate, give the path of that
// to [nats.RootCAs].
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

// The names of the files, to be given to [Path].
const (
	Token       = "hub.token" // a line of text
	Certificate = "hub.pem"   // in PEM
)

// Path returns the path of the file of that name in its usual folder, which is
// heirloom in [os.UserConfigDir]. The error is that of os.UserConfigDir.
func Path(name string) (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "heirloom", name), nil
}

// maxToken limits what is read, since the path may lead to any file.
const maxToken = 4 << 10

// ReadToken returns the token in a file. It refuses a file that users other than its
// owner may read, on systems that distinguish them, and a file that does not consist
// of one word. If there is no file, the error is [io/fs.ErrNotExist]. A program that
// must go on working when the token is replaced reads it for each connection.
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
