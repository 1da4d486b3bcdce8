package remote_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func file(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// asked returns the header lines that a server receives.
func asked(t *testing.T, addr func(server *url.URL) string, c remote.Credentials) (http.Header, error) {
	t.Helper()
	var header http.Header
	view := taskhttp.New()
	defer view.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		header.Set("Seen-Host", r.Host)
		view.ServeHTTP(w, r)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	target, err := remote.Parse(addr(u))
	require.NoError(t, err)
	client, err := remote.New(target, c)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	_, _, err = client.View(t.Context(), remote.Query{})
	require.NoError(t, err)
	return header, nil
}

func TestCredentials(t *testing.T) {
	t.Setenv("TASKS_TOKEN", "from-env")
	t.Setenv("EMPTY", "")
	t.Setenv("NETRC", file(t, `
# machine 127.0.0.1 login no password comment
machine example.com login other password no
macdef init
machine 127.0.0.1 login macro password no

machine 127.0.0.1 login me password p1
machine 127.0.0.1
  login you
  account x
  password p2
machine 127.0.0.1 login quoted password "p 4 \"\\\t#"
MACHINE 127.0.0.1 login "q q" password a"b
default login any password p3`))
	plain := func(u *url.URL) string { return u.Host }
	secure := func(u *url.URL) string { return "https://" + u.Host }
	as := func(user string) func(u *url.URL) string {
		return func(u *url.URL) string { return "http://" + user + "@" + u.Host }
	}
	basic := func(user, password string) string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	tests := []struct {
		reason      string
		addr        func(*url.URL) string
		credentials remote.Credentials
		name, want  string // of the header
		wrong       string
	}{
		{"none", plain, remote.Credentials{}, "Authorization", "", ""},
		{"a token in a file", plain, remote.Credentials{TokenFile: file(t, " secret\n")}, "Authorization", "Bearer secret", ""},
		{"a token in a variable", plain, remote.Credentials{TokenEnv: "TASKS_TOKEN"}, "Authorization", "Bearer from-env", ""},
		{"header lines", plain, remote.Credentials{Headers: file(t, "# mine\n\nX-Api-Key:  k:1 \nX-Other: x\n")}, "X-Api-Key", "k:1", ""},
		{"a token behind a byte order mark", plain, remote.Credentials{TokenFile: file(t, "\ufeffsecret\r\n")}, "Authorization", "Bearer secret", ""},
		{"header lines behind a byte order mark", plain, remote.Credentials{Headers: file(t, "\ufeffX-Api-Key: k\r\n")}, "X-Api-Key", "k", ""},
		{"the name of a host behind a proxy", plain, remote.Credentials{Headers: file(t, "host: tasks.localhost")}, "Seen-Host", "tasks.localhost", ""},
		{"netrc", plain, remote.Credentials{Netrc: true}, "Authorization", basic("me", "p1"), ""},
		{"netrc, for a user", as("you"), remote.Credentials{Netrc: true}, "Authorization", basic("you", "p2"), ""},
		{"netrc, for anybody", as("any"), remote.Credentials{Netrc: true}, "Authorization", basic("any", "p3"), ""},
		{"netrc, in quotes", as("quoted"), remote.Credentials{Netrc: true}, "Authorization", basic("quoted", "p 4 \"\\\t#"), ""},
		{"netrc, a quote within a word", as("q%20q"), remote.Credentials{Netrc: true}, "Authorization", basic("q q", `a"b`), ""},
		{"netrc, for nobody", as("nobody"), remote.Credentials{Netrc: true}, "", "", "has no entry for 127.0.0.1"},
		{"a user is not sent by itself", as("me"), remote.Credentials{}, "Authorization", "", ""},
		{"no file", plain, remote.Credentials{TokenFile: "/no/such/file"}, "", "", "no such file"},
		{"an empty variable", plain, remote.Credentials{TokenEnv: "EMPTY"}, "", "", "there is no token in EMPTY"},
		{"several lines", plain, remote.Credentials{TokenFile: file(t, "a\nb\n")}, "", "", "there is no token in "},
		{"two tokens", plain, remote.Credentials{TokenFile: "x", TokenEnv: "y"}, "", "", "exclude each other"},
		{"a token and netrc", plain, remote.Credentials{TokenEnv: "TASKS_TOKEN", Netrc: true}, "", "", "only one"},
		{"a token and a header", plain, remote.Credentials{TokenEnv: "TASKS_TOKEN", Headers: file(t, "authorization: secret")}, "", "", "only one"},
		{"an authority without https", plain, remote.Credentials{CA: "x"}, "", "", "certificates are for https"},
		{"a certificate without https", plain, remote.Credentials{Cert: "x", Key: "y"}, "", "", "certificates are for https"},
		{"no header line", plain, remote.Credentials{Headers: file(t, "X-A: b\nsecret\n")}, "", "", "line 2 is not a header"},
		{"a header that would be two", plain, remote.Credentials{Headers: file(t, "X-A: b\rX-B: c\n")}, "", "", "line 1 is not a header"},
		{"no certificate", secure, remote.Credentials{CA: file(t, "hello")}, "", "", "has no certificate in PEM form"},
		{"half a pair", secure, remote.Credentials{Cert: "x"}, "", "", "--cert and --key belong together"},
		{"in the clear", func(*url.URL) string { return "http://example.com" }, remote.Credentials{TokenEnv: "TASKS_TOKEN"}, "", "", "credentials are sent over https only, or to this machine"},
		{"a program of this machine", func(*url.URL) string { return "1" }, remote.Credentials{TokenEnv: "TASKS_TOKEN"}, "", "", "process 1 is reached without credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			header, err := asked(t, tt.addr, tt.credentials)
			if tt.wrong != "" {
				require.ErrorContains(t, err, tt.wrong)
				assert.NotContains(t, err.Error(), "secret", "a message is no place for it")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, header.Get(tt.name))
		})
	}
}

// When a server redirects elsewhere, the credentials are not sent there.
func TestNetrcWithABrokenQuote(t *testing.T) {
	for _, text := range []string{"machine 127.0.0.1 login me password \"secret\n\"", `machine 127.0.0.1 password "secret`, `machine 127.0.0.1 password "secret\`} {
		t.Setenv("NETRC", file(t, text))
		_, err := asked(t, func(u *url.URL) string { return u.Host }, remote.Credentials{Netrc: true})
		require.ErrorContains(t, err, "a quote has no end on its line")
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestCredentialsGoToOnePlace(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked with %v", r.Header)
	}))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	target, err := remote.Parse(server.URL)
	require.NoError(t, err)
	client, err := remote.New(target, remote.Credentials{Headers: file(t, "X-Api-Key: k")})
	require.NoError(t, err)
	defer client.Close()
	_, _, err = client.View(t.Context(), remote.Query{})
	require.ErrorContains(t, err, "which is not followed")
}

func TestAuthorities(t *testing.T) {
	view := taskhttp.New()
	defer view.Close()
	server := httptest.NewUnstartedServer(view)
	// The client's certificate is the server's here. The server accepts any.
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	own := server.TLS.Certificates[0]
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})))
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	require.NoError(t, err)
	keyFile := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	target, err := remote.Parse(server.URL)
	require.NoError(t, err)
	for _, tt := range []struct {
		reason string
		given  remote.Credentials
		wrong  string
	}{
		{"nobody that the system trusts", remote.Credentials{}, "unknown authority"},
		{"no certificate of one's own", remote.Credentials{CA: ca}, "certificate required"},
		{"both", remote.Credentials{CA: ca, Cert: ca, Key: keyFile}, ""},
	} {
		client, err := remote.New(target, tt.given)
		require.NoError(t, err)
		_, _, err = client.View(t.Context(), remote.Query{})
		client.Close()
		if tt.wrong == "" {
			require.NoError(t, err, tt.reason)
		} else {
			require.ErrorContains(t, err, tt.wrong, tt.reason)
		}
	}
}
