//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

var control = regexp.MustCompile(`^\x1b\[(\??)([0-9;]*)([A-Za-z])`)

// A monitor interprets what is sent to a terminal.
type monitor struct {
	columns, lines int
	rows           [][]rune
	x, y           int
	rest           string // the beginning of a sequence, or of a character
}

// feed returns an error if text does something that top may not do.
func (d *monitor) feed(text string) error {
	text = d.rest + text
	for text != "" {
		m := control.FindStringSubmatch(text)
		switch {
		case m != nil:
			text = text[len(m[0]):]
			if err := d.obey(m[2], m[3]); err != nil {
				return err
			}
			continue
		case text[0] == '\x1b' && len(text) < 10, !utf8.FullRuneInString(text):
			d.rest = text
			return nil
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		width := runewidth.RuneWidth(r)
		if r < ' ' || d.x+width > d.columns || d.y >= d.lines {
			return fmt.Errorf("%q at column %d of line %d", r, d.x, d.y)
		}
		for len(d.rows[d.y]) < d.x+width {
			d.rows[d.y] = append(d.rows[d.y], ' ')
		}
		for i := range width {
			d.rows[d.y][d.x+i] = map[bool]rune{true: r, false: -1}[i == 0]
		}
		d.x += width
	}
	d.rest = ""
	return nil
}

func (d *monitor) obey(parameters, command string) error {
	switch command {
	case "H":
		_, err := fmt.Sscanf(parameters, "%d;%d", &d.y, &d.x)
		d.x, d.y = d.x-1, d.y-1
		return err
	case "J":
		for i := map[bool]int{true: 0, false: d.y}[parameters == "2"]; i < d.lines; i++ {
			d.rows[i] = nil
		}
	case "K":
		d.rows[d.y] = d.rows[d.y][:min(d.x, len(d.rows[d.y]))]
	case "m", "h", "l":
	default:
		return fmt.Errorf("an unknown sequence: %s%s", parameters, command)
	}
	return nil
}

func (d *monitor) String() string {
	var b strings.Builder
	for _, row := range d.rows {
		b.WriteString(strings.TrimRight(strings.ReplaceAll(string(row), string(rune(-1)), ""), " ") + "\n")
	}
	return b.String()
}

// A watcher is heirloom top on a terminal.
type watcher struct {
	*pty
	monitor monitor
	seen    int // how much of the output is on the monitor
}

func onMonitor(t *testing.T, c *exec.Cmd) *watcher {
	const columns, lines = 80, 24
	return &watcher{pty: onTerminal(t, c), monitor: monitor{columns: columns, lines: lines, rows: make([][]rune, lines)}}
}

// sees waits until the text on the monitor matches.
func (w *watcher) sees(t *testing.T, pattern string) {
	t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text := w.shown()
		require.NoError(t, w.monitor.feed(text[w.seen:]))
		w.seen = len(text)
		if re.MatchString(w.monitor.String()) {
			return
		}
		require.True(t, time.Now().Before(deadline), "%s\n%v", pattern, &w.monitor)
	}
}

func (w *watcher) press(t *testing.T, keys string) {
	t.Helper()
	_, err := w.Write([]byte(keys))
	require.NoError(t, err)
}

// attributes returns the settings of the terminal.
func (w *watcher) attributes(t *testing.T) unix.Termios {
	t.Helper()
	a, err := unix.IoctlGetTermios(int(w.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return *a
}

// A viewed is a program with tasks to look at, which can be stopped and started again.
type viewed struct {
	addr   string
	server *http.Server
}

func (s *viewed) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", s.addr)
	require.NoError(t, err)
	s.addr = l.Addr().String()
	mux := http.NewServeMux()
	view := taskhttp.Mount(mux, taskhttp.Interval(10*time.Millisecond))
	s.server = &http.Server{Handler: mux}
	s.server.RegisterOnShutdown(view.Close)
	ended := make(chan error)
	go func() { ended <- s.server.Serve(l) }()
	t.Cleanup(func() {
		s.stop(t)
		view.Close()
		assert.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
}

func (s *viewed) stop(t *testing.T) { require.NoError(t, s.server.Close()) }

// manyTasks are live until the test ends.
func manyTasks(t *testing.T, n int, names ...string) {
	ctx, cancel := context.WithCancel(context.Background())
	wait := func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }
	ended := make(chan error)
	started := make(chan struct{})
	go func() {
		_, err := task.Run(ctx, func(ctx context.Context) (int, error) {
			for i := range n {
				names = append(names, fmt.Sprintf("job-%d.", i))
			}
			for _, name := range names {
				task.Go(ctx, wait, task.Name(name))
			}
			close(started)
			return wait(ctx)
		}, task.Name("all"))
		ended <- err
	}()
	<-started
	t.Cleanup(func() {
		cancel()
		assert.True(t, errors.Is(<-ended, context.Canceled))
	})
}

func topOnTerminal(t *testing.T, args ...string) *watcher {
	t.Helper()
	c := command(t, append([]string{"top", "--interval", "50ms"}, args...)...)
	return onMonitor(t, c)
}

func TestTopOnTerminal(t *testing.T) {
	manyTasks(t, 3000, "evil\x1b[2J\u202e", strings.Repeat("漢字", 60), strings.Repeat("very long name ", 100))
	s := &viewed{addr: "127.0.0.1:0"}
	s.start(t)
	top := topOnTerminal(t, s.addr)
	top.sees(t, `^127\.0\.0\.1:\d+  \d\d:\d\d:\d\d  3004 live \(0 running, 3004 waiting\), 0 ended\n1–20 of 3004$`)
	top.sees(t, `^ +\d+ waiting +\S+    evil\\x1b\[2J\\u202e  for sleep$`)
	top.sees(t, `    漢字漢字.*…`)
	raw := top.attributes(t)
	assert.Zero(t, raw.Lflag&(unix.ICANON|unix.ECHO), "keys are read as they are pressed")

	top.press(t, "\x1b[F") // end
	top.sees(t, `^2985–3004 of 3004$`)
	top.sees(t, `    job-2999\.  for sleep$`)
	top.press(t, "/JOB-77. wait\r")
	top.sees(t, `^matching "JOB-77. wait" · 1–2 of 2$`) // the task, and its parent
	top.press(t, "ss")
	top.sees(t, `by name · 1–1 of 1$`)
	top.press(t, "\r")
	top.sees(t, `^stack of #\d+ job-77\.\ngoroutine \d+ \[`)
	top.sees(t, `task\.Sleep$`)
	top.press(t, "q/\x15\rsssss") // no words, and through all orders back to the tree
	top.sees(t, `^1–20 of 3004$`)
	top.press(t, "jr")
	top.sees(t, `^in #\d+ · 1–1 of 1$`)
	top.press(t, "\x1b")
	top.sees(t, `^1–20 of 3004$`)

	// Change the size.
	require.NoError(t, unix.IoctlSetWinsize(int(top.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 12, Col: 40}))
	require.NoError(t, top.program.Process.Signal(unix.SIGWINCH))
	top.sees(t, `^1–8 of 3004$`)
	top.press(t, "q")
	require.NoError(t, top.program.Wait())
	top.waitFor(t, `\x1b\[\?25h\x1b\[\?1049l$`) // the cursor and the shell's screen are back
	after := top.attributes(t)
	const cooked = unix.ICANON | unix.ECHO | unix.ISIG | unix.IEXTEN
	assert.Equal(t, raw.Lflag|cooked, after.Lflag, "and its settings")
}

func TestTopOnTerminalSurvivesARestart(t *testing.T) {
	manyTasks(t, 3)
	s := &viewed{addr: "127.0.0.1:0"}
	s.start(t)
	top := topOnTerminal(t, s.addr)
	top.sees(t, `job-2\.`)
	s.stop(t)
	top.sees(t, `^! since \d\d:\d\d:\d\d: cannot reach 127\.0\.0\.1:\d+: connect: connection refused; tr`)
	top.sees(t, `job-2\.`)
	s.start(t)
	top.sees(t, `connected again at \d\d:\d\d:\d\d$`)
	top.press(t, "\x03") // Ctrl-C
	require.NoError(t, top.program.Wait())
}

func TestTopOnTerminalEndsWithTheProcess(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	c := command(t, "serve", "--http", "127.0.0.1:0", "--echo", "127.0.0.1:0")
	require.NoError(t, c.Start())
	pid := strconv.Itoa(c.Process.Pid)
	require.Eventually(t, func() bool {
		code, _, _ := heirloom("ps", pid)
		return code == 0
	}, time.Minute, 5*time.Millisecond)
	top := topOnTerminal(t, pid)
	top.sees(t, `^process `+pid+` .* live`)
	require.NoError(t, c.Process.Kill())
	c.Wait()
	top.program.Wait()
	assert.Equal(t, 1, top.program.ProcessState.ExitCode())
	top.waitFor(t, `\x1b\[\?1049lheirloom: there is no process `+pid) // on the shell's screen
}

// Ctrl-Z gives the terminal back to the shell, and fg gives it to top again.
func TestTopIsSuspended(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no shell with job control")
	}
	manyTasks(t, 3)
	s := &viewed{addr: "127.0.0.1:0"}
	s.start(t)
	c := command(t, "top", s.addr, "--interval", "50ms")
	c.Args = append([]string{shell, "-m", "-c", `"$@"; echo the shell: $(stty -a | grep -o -- '-*icanon'); fg >/dev/null; echo ended with $?`, "sh"}, append([]string{c.Path}, c.Args[1:]...)...)
	c.Path = shell
	top := onMonitor(t, c)
	top.waitFor(t, `job-2\.`)
	top.press(t, "\x1a") // Ctrl-Z
	top.waitFor(t, `\x1b\[\?1049l(?s:.*)the shell: icanon`)
	again := strings.Index(top.shown(), "the shell: icanon")
	require.Eventually(t, func() bool {
		return strings.Contains(top.shown()[again:], "\x1b[?1049h") && strings.Contains(top.shown()[again:], "job-2.")
	}, time.Minute, 5*time.Millisecond)
	top.press(t, "q")
	require.NoError(t, top.program.Wait())
	top.waitFor(t, `ended with 0`)
}

func TestTopOnTerminalThatCannotBeReached(t *testing.T) {
	top := topOnTerminal(t, "127.0.0.1:1")
	top.program.Wait()
	assert.Equal(t, 1, top.program.ProcessState.ExitCode())
	top.waitFor(t, `\x1b\[\?1049lheirloom: cannot reach 127\.0\.0\.1:1: `)
}

func TestTopOnTerminalWithoutKeys(t *testing.T) {
	manyTasks(t, 3)
	s := &viewed{addr: "127.0.0.1:0"}
	s.start(t)
	c := command(t, "top", s.addr, "--interval", "10ms", "--count", "2")
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	c.Stdin = null
	top := onMonitor(t, c)
	require.NoError(t, top.program.Wait())
	top.waitFor(t, `job-2\.`)
}
