package remote

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
)

// Credentials say where the secrets for a server are: in files and the environment,
// never in arguments, which other users can read.
type Credentials struct {
	TokenFile string // has a token, which is sent as "Authorization: Bearer"
	TokenEnv  string // names a variable that has a token
	Headers   string // a file with lines as "Name: value"
	Netrc     bool   // look the host up in the file that NETRC names, or .netrc at home
	CA        string // a file with the certificates of authorities, in PEM, to trust instead of the system's
	Cert, Key string // files with the client's own certificate and key, in PEM
}

var (
	errTwoTokens = errors.New("--token and --token-env exclude each other")
	errTwoLogins = errors.New("only one of the token, --netrc and a header can be the Authorization")
)

// readText reads a file that may begin with a byte order mark, as some editors write it.
func readText(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimPrefix(string(text), "\ufeff"), err
}

// read reads the secrets for t, and how to send them.
func (c Credentials) read(t Target) (http.Header, *tls.Config, error) {
	header := http.Header{}
	if c == (Credentials{}) {
		return header, nil, nil
	}
	if t.pid != 0 {
		return nil, nil, fmt.Errorf("%s is reached without credentials; they are for addresses", t.Name)
	}
	if c.sends() && t.url.Scheme != "https" && !loopback(t.url.Hostname()) {
		return nil, nil, fmt.Errorf("credentials are sent over https only, or to this machine, and %s is neither", t.Name)
	}
	if c.CA+c.Cert+c.Key != "" && t.url.Scheme != "https" {
		return nil, nil, fmt.Errorf("certificates are for https, and %s is reached without", t.Name)
	}
	for _, step := range []func(Target, http.Header) error{c.token, c.headers, c.netrc} {
		if err := step(t, header); err != nil {
			return nil, nil, err
		}
	}
	if len(header["Authorization"]) > 1 {
		return nil, nil, errTwoLogins
	}
	config, err := c.tls()
	return header, config, err
}

func (c Credentials) sends() bool {
	return c.TokenFile != "" || c.TokenEnv != "" || c.Headers != "" || c.Netrc
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Credentials) token(_ Target, header http.Header) error {
	var token string
	switch {
	case c.TokenFile != "" && c.TokenEnv != "":
		return errTwoTokens
	case c.TokenFile != "":
		text, err := readText(c.TokenFile)
		if err != nil {
			return err
		}
		token = strings.TrimSpace(text)
	case c.TokenEnv != "":
		token = strings.TrimSpace(os.Getenv(c.TokenEnv))
	default:
		return nil
	}
	if token == "" || strings.ContainsFunc(token, unicode.IsSpace) || strings.ContainsFunc(token, unicode.IsControl) {
		return fmt.Errorf("there is no token in %s", cmp.Or(c.TokenFile, c.TokenEnv))
	}
	header.Set("Authorization", "Bearer "+token)
	return nil
}

func (c Credentials) headers(_ Target, header http.Header) error {
	if c.Headers == "" {
		return nil
	}
	text, err := readText(c.Headers)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsFunc(name, unicode.IsSpace) || strings.ContainsFunc(line, unicode.IsControl) {
			return fmt.Errorf("%s: line %d is not a header, such as \"Name: value\"", c.Headers, n)
		}
		header.Add(name, value)
	}
	return nil
}

// netrc looks up the host as curl does: it takes the first entry for the host, and for
// the user if the URL has one, or the default entry.
func (c Credentials) netrc(t Target, header http.Header) error {
	if !c.Netrc {
		return nil
	}
	path := os.Getenv("NETRC")
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		path = filepath.Join(home, map[bool]string{true: "_netrc", false: ".netrc"}[runtime.GOOS == "windows"])
	}
	text, err := readText(path)
	if err != nil {
		return err
	}
	login, password, ok, err := findNetrc([]byte(text), t.url)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if !ok {
		return fmt.Errorf("%s has no entry for %s", path, t.url.Hostname())
	}
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(login, password)
	header.Add("Authorization", r.Header.Get("Authorization"))
	return nil
}

func (c Credentials) tls() (*tls.Config, error) {
	config := new(tls.Config)
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in PEM form", c.CA)
		}
	}
	switch {
	case c.Cert == "" && c.Key == "":
		return config, nil
	case c.Cert == "" || c.Key == "":
		return nil, errors.New("--cert and --key belong together")
	}
	own, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if path := new(fs.PathError); err != nil && !errors.As(err, &path) {
		err = fmt.Errorf("%s and %s: %w", c.Cert, c.Key, err)
	}
	config.Certificates = []tls.Certificate{own}
	return config, err
}
