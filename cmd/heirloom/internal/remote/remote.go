// Package remote reads the live view of another program, as package taskhttp
// serves it.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

const (
	usualPath = "/debug/tasks"
	patience  = 10 * time.Second
	// largest bounds what is taken from a program that may be any program.
	largest = 64 << 20
)

// Target is where a live view is.
type Target struct {
	url  *url.URL
	Name string // as people gave it
}

// Parse reads an address: host:port, :port, or a URL, with the path of the view
// if it is not the usual one.
func Parse(addr string) (Target, error) {
	text := addr
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Target{}, errors.New("it is no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("%s is no scheme that is known here; use http or https", u.Scheme)
	case u.Host == "" || strings.HasSuffix(u.Host, ":"):
		return Target{}, errors.New("there is no port in it")
	}
	if u.Hostname() == "" {
		u.Host = "localhost" + u.Host
	}
	if u.Port() == "" && u.Path == "" && !strings.Contains(addr, "://") {
		return Target{}, errors.New("there is no port in it")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = usualPath
	}
	u.RawQuery, u.Fragment = "format=json", ""
	return Target{u, addr}, nil
}

// Client reads live views. The zero value is ready to use.
type Client struct{ http http.Client }

// Close closes the connections that are kept for later.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// View returns the view of the program at t, and its JSON as it came.
func (c *Client) View(ctx context.Context, t Target) (v taskhttp.View, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), nil)
	if err != nil {
		return v, nil, err
	}
	r.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return v, nil, fmt.Errorf("cannot reach %s: %w", t.Name, root(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return v, nil, fmt.Errorf("%s answers %s; is task/taskhttp mounted there?", t.url.Redacted(), resp.Status)
	}
	text, err = io.ReadAll(io.LimitReader(resp.Body, largest+1))
	switch {
	case err != nil:
		return v, nil, fmt.Errorf("cannot read the tasks of %s: %w", t.Name, root(err))
	case len(text) > largest:
		return v, nil, fmt.Errorf("%s answers with more than %d MiB", t.Name, largest>>20)
	case json.Unmarshal(text, &v) != nil || v.Time.IsZero():
		return v, nil, fmt.Errorf("%s answers with something else than tasks; is task/taskhttp mounted there?", t.url.Redacted())
	}
	return v, text, nil
}

// root returns what is wrong without the layers of the client.
func root(err error) error {
	if u := new(url.Error); errors.As(err, &u) {
		err = u.Err
	}
	if op := new(net.OpError); errors.As(err, &op) && op.Op == "dial" {
		err = op.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", patience)
	}
	return err
}
