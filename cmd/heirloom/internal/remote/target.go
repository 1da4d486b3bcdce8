package remote

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

const usualPath = "/debug/tasks"

// Target is the place of a live view.
type Target struct {
	url  *url.URL
	more url.Values // the parameters of the URL that no flag is for
	pid  int        // the process id of a program of this machine that needs no address, or 0
	Name string     // as the user wrote it

	// Query is what the URL itself asks for, as the address of the page does.
	Query Query
}

// Parse reads a process id, or an address: host:port, :port, or a URL, with the path of
// the view if it is not the usual one. It refuses a password, because the arguments of
// a program are not secret.
func Parse(addr string) (Target, error) {
	if pid, err := strconv.Atoi(addr); err == nil {
		if pid <= 0 {
			return Target{}, errors.New("it is not a process id")
		}
		return Process(pid), nil
	}
	text := addr
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Target{}, errors.New("it is no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("the scheme %s is not known here; use http or https", u.Scheme)
	case u.Host == "" || strings.HasSuffix(u.Host, ":"):
		return Target{}, errors.New("it has no port")
	}
	if _, given := u.User.Password(); given {
		return Target{}, errors.New("a password does not belong there, where others can read it; use --netrc or --headers")
	}
	if u.Hostname() == "" {
		u.Host = "localhost" + u.Host
	}
	if u.Port() == "" && u.Path == "" && !strings.Contains(addr, "://") {
		return Target{}, errors.New("it has no port")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = usualPath
	}
	t := Target{url: u, Name: addr}
	if t.more, err = url.ParseQuery(u.RawQuery); err != nil {
		return Target{}, errors.New("what follows the ? is not a query")
	}
	u.RawQuery, u.ForceQuery, u.Fragment = "", false, ""
	t.Name, _, _ = strings.Cut(t.Name, "?") // there may be a secret in it
	return t, t.takeQuery()
}

// takeQuery reads the parameters for which there are flags.
func (t *Target) takeQuery() (err error) {
	take := func(name string) string {
		value := t.more.Get(name)
		t.more.Del(name)
		return value
	}
	t.Query.Match, t.Query.Sort = take("match"), take("sort")
	for name, instead := range map[string]string{"stack": "ps has --stack", "max": "ps has --max", "format": "ps prints text, or --json", "offset": "top shows all"} {
		if t.more.Has(name) {
			return fmt.Errorf("%s does not belong there; %s", name, instead)
		}
	}
	if root := take("root"); root != "" {
		if t.Query.Root, err = strconv.ParseUint(root, 10, 64); err != nil {
			return fmt.Errorf("root=%s is not the ID of a task", root)
		}
	}
	return nil
}

// Process returns the Target of a program of this machine that serves its live view
// with taskhttp.Handler.ListenLocal.
func Process(pid int) Target {
	return Target{
		url:  &url.URL{Scheme: "http", Host: "localhost", Path: usualPath},
		pid:  pid,
		Name: "process " + strconv.Itoa(pid),
	}
}

// Processes returns the ids of the processes of this machine that have begun to serve a
// live view in this way. Some of them may have ended.
func Processes() []int { return taskhttp.LocalPIDs() }
