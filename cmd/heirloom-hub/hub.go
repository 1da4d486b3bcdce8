package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// options are the settings of a hub.
type options struct {
	listen   string
	store    string
	token    string
	cert     string
	key      string
	insecure bool

	// Set by check from listen.
	host  string
	port  int
	local bool
}

// check returns what is wrong with the options themselves, and sets defaults.
func (o *options) check() error {
	host, port, err := net.SplitHostPort(o.listen)
	if err != nil {
		return fmt.Errorf("--listen %q is not an address; give host:port, as 127.0.0.1:4222", o.listen)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("--listen %q: a port is a number up to 65535", o.listen)
	}
	if (o.cert == "") != (o.key == "") {
		return errors.New("--cert and --key belong together")
	}
	ip := net.ParseIP(host)
	o.host, o.port = cmp.Or(host, "0.0.0.0"), int(n)
	o.local = host == "localhost" || ip != nil && ip.IsLoopback()
	if o.local && o.insecure {
		return errors.New("--insecure is about TLS beyond loopback, and this hub is on loopback only")
	}
	if o.insecure && o.cert != "" {
		return errors.New("--insecure does without TLS, and --cert is for TLS")
	}
	for name, path := range map[string]*string{"hub": &o.store, hubkey.Token: &o.token} {
		if *path == "" {
			if *path, err = hubkey.Path(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// A hub is a running server.
type hub struct {
	*options
	server *server.Server
	cert   string // the file of which other machines need a copy; "" without TLS
}

// start starts a hub. The errors of its server go to log.
func (o *options) start(log io.Writer) (*hub, error) {
	token, err := makeToken(o.token)
	if err != nil {
		return nil, err
	}
	h := &hub{options: o}
	config := &server.Options{
		ServerName:    "heirloom-hub",
		Host:          o.host,
		Port:          o.port,
		Authorization: token,
		JetStream:     true,
		StoreDir:      o.store,
		NoSigs:        true,
	}
	if o.port == 0 {
		config.Port = server.RANDOM_PORT
	}
	if o.cert != "" || !o.local && !o.insecure {
		if config.TLSConfig, h.cert, err = o.tls(); err != nil {
			return nil, err
		}
		config.TLS, config.TLSTimeout = true, 5
	}
	// This finds out first whether the server can listen, which otherwise would end the
	// program.
	probe, err := net.Listen("tcp", net.JoinHostPort(o.host, strconv.Itoa(o.port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", o.listen, errors.Unwrap(err))
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	if h.server, err = server.NewServer(config); err != nil {
		return nil, err
	}
	h.server.SetLoggerV2(&warnings{log}, false, false, false)
	h.server.Start()
	if !h.server.ReadyForConnections(20 * time.Second) {
		h.stop()
		return nil, fmt.Errorf("the server does not answer on %s, or cannot store in %s", o.listen, o.store)
	}
	return h, nil
}

// stop returns when everything that was stored is on disk.
func (h *hub) stop() {
	h.server.Shutdown()
	h.server.WaitForShutdown()
}

// url returns the address of the hub for programs on this machine.
func (h *hub) url() string {
	host := h.host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "nats://" + net.JoinHostPort(host, strconv.Itoa(h.server.Addr().(*net.TCPAddr).Port))
}

// greeting says how to use the hub.
func (h *hub) greeting() string {
	text := fmt.Sprintf("heirloom-hub: %s, stored in %s\n", h.url(), h.store)
	if h.local {
		return text + fmt.Sprintf("a worker:  heirloom worker --on %s%s\n", h.url(), h.tokenFlag())
	}
	files := h.token
	if h.cert != "" {
		files += " " + h.cert
	}
	port := strconv.Itoa(h.server.Addr().(*net.TCPAddr).Port)
	return text + fmt.Sprintf("on another machine, with copies of these files in its ~/.config/heirloom:  %s\n", files) +
		fmt.Sprintf("a worker:  heirloom worker --on nats://%s\n", net.JoinHostPort(hostName(), port))
}

// tokenFlag returns the flag that a command on this machine needs to find the
// token.
func (h *hub) tokenFlag() string {
	if usual, err := hubkey.Path(hubkey.Token); err == nil && filepath.Clean(usual) == filepath.Clean(h.token) {
		return ""
	}
	return " --token " + h.token
}

// tls returns the hub's TLS configuration, and the file with which others verify the
// hub.
func (o *options) tls() (*tls.Config, string, error) {
	cert, key := o.cert, o.key
	if cert == "" {
		var err error
		if cert, key, err = ownCertificate(); err != nil {
			return nil, "", err
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, "", fmt.Errorf("%s and %s: %w", cert, key, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, cert, nil
}

// warnings writes the errors of a server. It drops warnings: the server would warn that
// the token is not a hash, but the token is in a file that no other user can read.
type warnings struct{ to io.Writer }

func (w *warnings) write(format string, args ...any) {
	fmt.Fprintf(w.to, "heirloom-hub: "+format+"\n", args...)
}

func (w *warnings) Noticef(string, ...any)            {}
func (w *warnings) Debugf(string, ...any)             {}
func (w *warnings) Tracef(string, ...any)             {}
func (w *warnings) Warnf(string, ...any)              {}
func (w *warnings) Errorf(format string, args ...any) { w.write(format, args...) }
func (w *warnings) Fatalf(format string, args ...any) { w.write(format, args...) }
