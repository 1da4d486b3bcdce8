// Package machines runs shell commands on other machines. A hub connects these: a NATS
// server with JetStream, such as heirloom-hub. [Serve] is a worker, a [Caller] makes
// workers run attempts at jobs, and [Ask] asks workers for their status.
package machines

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// A Hub is the address of the server at which callers and workers meet, with the
// credentials for it.
type Hub struct {
	URL       string // one, or several of a cluster separated by commas
	Namespace string
	Token     string // the file with the token; "" for the usual one
	Creds     string // a file with NATS's credentials, in place of a token; "" for none
	CA        string // the file with the hub's certificate, or with that of its signer; "" for the usual one
	Insecure  bool   // no TLS beyond loopback

	Say func(text string) // called with messages for the user; may be nil
}

// dial connects to the hub under the name of a program.
func (h *Hub) dial(ctx context.Context, name string) (*nats.Conn, error) {
	local, err := h.local()
	if err != nil {
		return nil, err
	}
	config, err := h.tls()
	if err != nil {
		return nil, err
	}
	credentials, err := h.credentials()
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(h.URL, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		credentials,
		func(o *nats.Options) error {
			o.TLSConfig = config
			o.Secure = !local && !h.Insecure // refuse a hub without TLS, and use TLS if the hub has it
			return nil
		},
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if err != nil && !nc.IsClosed() {
				h.say(fmt.Sprintf("the connection to %s is lost (%v); trying again", h.URL, err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { h.say("connected again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { h.say("NATS: " + err.Error()) }),
	)
	switch {
	case errors.Is(err, nats.ErrSecureConnWanted):
		return nil, fmt.Errorf("%s has no TLS, so everybody on the network between could read the token; --insecure allows that", h.URL)
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("%s does not accept this token: it is of another hub, or has changed", h.URL)
	case err != nil:
		return nil, fmt.Errorf("cannot connect to %s: %w", h.URL, err)
	}
	return nc, nil
}

// engine opens the hub's namespace.
func (h *Hub) engine(ctx context.Context, nc *nats.Conn, opts ...remotenats.Option) (*remotenats.Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return remotenats.New(ctx, nc, append(opts,
		remotenats.Namespace(h.Namespace),
		// A run that was killed may be resumed the next day.
		remotenats.OutcomeAge(24*time.Hour),
		remotenats.Logger(slog.New(&sayHandler{say: h.say})),
	)...)
}

func (h *Hub) say(text string) {
	if h.Say != nil {
		h.Say(text)
	}
}

// Check returns what is wrong with the URL.
func (h *Hub) Check() error {
	_, err := h.local()
	return err
}

// local reports whether the URL is on loopback.
func (h *Hub) local() (local bool, err error) {
	local = true
	for text := range strings.SplitSeq(h.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		switch {
		case err != nil:
			return false, fmt.Errorf("%q is not a URL; write nats://host:4222", text)
		case u.Scheme != "nats" && u.Scheme != "tls":
			return false, fmt.Errorf("%q: write nats://host:4222, or tls://", text)
		case u.Host == "":
			return false, fmt.Errorf("%q names no host", text)
		case u.User != nil:
			return false, fmt.Errorf("%s://…@%s: everybody on this machine can read arguments; give the token in a file (--token), or credentials (--creds)", u.Scheme, u.Host)
		}
		ip := net.ParseIP(u.Hostname())
		local = local && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
	}
	return local, nil
}

func (h *Hub) credentials() (nats.Option, error) {
	if h.Creds != "" {
		if _, err := os.Stat(h.Creds); err != nil {
			return nil, err
		}
		return nats.UserCredentials(h.Creds), nil
	}
	path, err := usual(h.Token, hubkey.Token)
	if err != nil {
		return nil, err
	}
	token, err := hubkey.ReadToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no token in %s; heirloom-hub makes it on its own machine: copy it here, or name its file with --token", path)
	}
	if err != nil {
		return nil, err
	}
	// The file is read for each connection, so that the token can be replaced.
	return nats.TokenHandler(func() string {
		if now, err := hubkey.ReadToken(path); err == nil {
			token = now
		}
		return token
	}), nil
}

func (h *Hub) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	path, err := usual(h.CA, hubkey.Certificate)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	switch {
	case h.CA == "" && errors.Is(err, fs.ErrNotExist):
		return config, nil // trusts what the system trusts
	case err != nil:
		return nil, err
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it", path)
	}
	return config, nil
}

// usual returns path or, if that is "", the usual path of the file of that name.
func usual(path, name string) (string, error) {
	if path != "" {
		return path, nil
	}
	return hubkey.Path(name)
}

// The subjects on which workers listen in addition to the engine's.

func (h *Hub) statusSubject() string             { return h.Namespace + ".status" }
func (h *Hub) hurrySubject(client string) string { return h.Namespace + ".hurry." + client }

// templateFunc returns the name under which workers serve a template.
func templateFunc(name string) string { return "template-" + name }

// shellFunc is the name under which workers serve any command.
const shellFunc = "shell"

// CheckTemplateName returns an error if no template can have the name.
func CheckTemplateName(name string) error {
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
	if name == "" || len(name) > 50 || !plain {
		return fmt.Errorf("template %q: a name is 1 to 50 letters, digits, hyphens and underscores", name)
	}
	return nil
}

// sayHandler passes the engine's log messages to Say.
type sayHandler struct {
	say   func(string)
	attrs []slog.Attr
}

func (s *sayHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}
func (s *sayHandler) WithGroup(string) slog.Handler { return s }
func (s *sayHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &sayHandler{s.say, append(s.attrs[:len(s.attrs):len(s.attrs)], attrs...)}
}

func (s *sayHandler) Handle(_ context.Context, r slog.Record) error {
	text := strings.TrimPrefix(r.Message, "remotenats: ")
	var parts []string
	for _, a := range s.attrs {
		parts = append(parts, a.String())
	}
	r.Attrs(func(a slog.Attr) bool { parts = append(parts, a.String()); return true })
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	s.say(text)
	return nil
}
