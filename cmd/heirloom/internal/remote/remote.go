// Package remote reads the live view of another program, as served by package taskhttp.
package remote

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

const (
	patience = 10 * time.Second
	// largest limits what is read from a program, which may be any program.
	largest = 64 << 20
)

// ErrNotListening is the error of a process that does not serve its live view.
var ErrNotListening = taskhttp.ErrNotListening

// ErrNoTask is the error of a request about a task that is not live.
var ErrNoTask = errors.New("no such task is live")

// A GoneError is the error of a process that does not exist, so that it will not come
// back.
type GoneError struct{ PID int }

func (e *GoneError) Error() string { return fmt.Sprintf("there is no process %d", e.PID) }

// A Query selects rows of a view and their order; see package taskhttp. The zero Query
// leaves the choice to the server.
type Query struct {
	Match  string
	Root   uint64
	Sort   string
	Max    int // how many rows; 0 for the server's choice, negative for none
	Offset int
}

func (q Query) values() url.Values {
	v := url.Values{"format": {"json"}}
	set := func(name, value string, given bool) {
		if given {
			v.Set(name, value)
		}
	}
	set("match", q.Match, q.Match != "")
	set("root", strconv.FormatUint(q.Root, 10), q.Root != 0)
	set("sort", q.Sort, q.Sort != "")
	set("max", strconv.Itoa(max(q.Max, 0)), q.Max != 0)
	set("offset", strconv.Itoa(q.Offset), q.Offset != 0)
	return v
}

// A Client reads the live view of one program.
type Client struct {
	target Target
	http   http.Client
	header http.Header
}

// New returns a Client for the program at t. It sends that program the credentials. The
// error is about these.
func New(t Target, c Credentials) (*Client, error) {
	header, config, err := c.read(t)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	if t.pid != 0 {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return taskhttp.DialLocal(ctx, t.pid)
		}
	}
	header.Set("Accept", "application/json")
	return &Client{
		target: t,
		header: header,
		http:   http.Client{Transport: transport, CheckRedirect: stay},
	}, nil
}

// stay refuses a redirection to another place. That place must not see the credentials,
// and is a login page at best.
func stay(r *http.Request, via []*http.Request) error {
	if first := via[0].URL; r.URL.Host != first.Host || r.URL.Scheme != first.Scheme || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// View returns the view of the program, and its JSON as received.
func (c *Client) View(ctx context.Context, q Query) (v taskhttp.View, text []byte, err error) {
	text, err = c.get(ctx, c.target.url.Path, q.values())
	if err == nil && (json.Unmarshal(text, &v) != nil || v.Time.IsZero()) {
		err = fmt.Errorf("%s answers with something else than tasks; is task/taskhttp mounted there?", c.place())
	}
	return v, text, err
}

// Stack returns the stack of a live task, as text or JSON. If there is no such task,
// the error is [ErrNoTask].
func (c *Client) Stack(ctx context.Context, id uint64, format string) ([]byte, error) {
	return c.get(ctx, c.target.url.Path, url.Values{"stack": {strconv.FormatUint(id, 10)}, "format": {format}})
}

// Program returns the description that a program of this machine gives of itself.
func (c *Client) Program(ctx context.Context) (p taskhttp.Program, err error) {
	text, err := c.get(ctx, taskhttp.ProgramPath, nil)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	return p, err
}

// place returns the name of the program in messages.
func (c *Client) place() string {
	if c.target.pid != 0 {
		return c.target.Name
	}
	return c.target.url.Redacted()
}

func (c *Client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	limit := patience
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline).Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for name, values := range c.target.more {
		if query == nil {
			query = url.Values{}
		}
		query[name] = values
	}
	u := *c.target.url
	u.Path, u.RawQuery, u.User = path, query.Encode(), nil
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header = c.header.Clone()
	r.Host = cmp.Or(r.Header.Get("Host"), r.Host) // package http looks for it here
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreached(err, limit)
	}
	defer func() { _ = resp.Body.Close() }()
	body := io.LimitReader(resp.Body, largest+1)
	if resp.StatusCode != http.StatusOK {
		return nil, c.refusal(resp, body, query.Has("stack"))
	}
	text, err := io.ReadAll(body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read the tasks of %s: %w", c.target.Name, root(err, limit))
	case len(text) > largest:
		return nil, fmt.Errorf("%s answers with more than %d MiB", c.target.Name, largest>>20)
	}
	return text, nil
}

// unreached says why there is no answer.
func (c *Client) unreached(err error, limit time.Duration) error {
	switch {
	case errors.Is(err, taskhttp.ErrNoProcess):
		return &GoneError{c.target.pid}
	case errors.Is(err, taskhttp.ErrNotListening):
		return fmt.Errorf("%s cannot be inspected: %w; a program that calls taskhttp.Handler.ListenLocal can, and heirloom ps lists those (a port is written :%d)",
			c.target.Name, ErrNotListening, c.target.pid)
	}
	return fmt.Errorf("cannot reach %s: %w", c.target.Name, root(err, limit))
}

// refusal describes an answer that is not a view. It includes the server's explanation
// of a bad query.
func (c *Client) refusal(resp *http.Response, body io.Reader, ofStack bool) error {
	line, _ := bufio.NewReader(io.LimitReader(body, 500)).ReadString('\n')
	said, ours := strings.CutPrefix(strings.TrimSpace(line), "taskhttp: ")
	switch code := resp.StatusCode; {
	case ours && code == http.StatusNotFound && ofStack:
		return ErrNoTask
	case ours:
		return fmt.Errorf("%s refuses: %s", c.place(), said)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%s answers %s; credentials are given with --token, --token-env, --headers or --netrc", c.place(), resp.Status)
	case code >= 300 && code < 400:
		return fmt.Errorf("%s answers %s and points to %s, which is not followed; does it want credentials (--token, --headers, --netrc)?",
			c.place(), resp.Status, cmp.Or(resp.Header.Get("Location"), "nowhere"))
	}
	return fmt.Errorf("%s answers %s; is task/taskhttp mounted there?", c.place(), resp.Status)
}

// root returns the innermost error, without those of the client around it.
func root(err error, limit time.Duration) error {
	if u := new(url.Error); errors.As(err, &u) {
		err = u.Err
	}
	if op := new(net.OpError); errors.As(err, &op) && op.Op == "dial" {
		err = op.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", limit)
	}
	return err
}
