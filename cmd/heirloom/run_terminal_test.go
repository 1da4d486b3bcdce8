//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A pty is a pseudo-terminal with a program on it.
type pty struct {
	*os.File
	program *exec.Cmd

	mu   sync.Mutex
	text strings.Builder // everything shown so far
}

func onTerminal(t *testing.T, c *exec.Cmd, env ...string) *pty {
	t.Helper()
	return onTerminalOf(t, unix.Winsize{Row: 24, Col: 80}, c, env...)
}

func onTerminalOf(t *testing.T, size unix.Winsize, c *exec.Cmd, env ...string) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size))
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer slave.Close()

	if c.Stdin == nil {
		c.Stdin = slave
	}
	if c.Stdout == nil {
		c.Stdout = slave
	}
	c.Stderr = slave
	c.Env = append(append(c.Env, "TERM=xterm"), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
	require.NoError(t, c.Start())
	term := &pty{File: master, program: c}
	go func() {
		for buffer := make([]byte, 4096); ; {
			n, err := master.Read(buffer)
			term.mu.Lock()
			term.text.Write(buffer[:n])
			term.mu.Unlock()
			if err != nil { // EIO: the program has ended
				return
			}
		}
	}()
	return term
}

func (term *pty) shown() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.text.String()
}

func (term *pty) waitFor(t *testing.T, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	require.Eventually(t, func() bool { return re.MatchString(term.shown()) }, time.Minute, 5*time.Millisecond, "%q", term.shown())
}

// redrawn matches the bar that is drawn between two lines, any number of times.
const redrawn = `(.*running.*\r\n\x1b\[1A\x1b\[J)*`

func TestRunOnTerminal(t *testing.T) {
	dir := t.TempDir()
	c := command(t, "run", "-j2", "echo out {}; echo err {} >&2; printf end; while [ ! -e "+dir+"/{} ]; do sleep 0.01; done", ":::", "a", "b", "c")
	term := onTerminal(t, c)
	term.waitFor(t, `0/\d, 2 running +\[-+\]`)
	require.NoError(t, os.WriteFile(dir+"/a", nil, 0o644))
	term.waitFor(t, `out a\r\n`+redrawn+`end\r\n`+redrawn+`err a\r\n`)
	term.waitFor(t, `1/3, 2 running +\[=+>-+\]`)
	require.NoError(t, os.WriteFile(dir+"/b", nil, 0o644))
	require.NoError(t, os.WriteFile(dir+"/c", nil, 0o644))
	require.NoError(t, c.Wait())
	term.waitFor(t, `STATE +TIME +TRIES +JOB +WHY\r\n(ok .*\r\n){3}3 jobs in .*: 3 ok\r\n`)
}

// Terminals of programs, as docker exec -t and expect make them, often have no size.
func TestRunOnTerminalWithoutSize(t *testing.T) {
	dir := t.TempDir()
	c := command(t, "run", "-j2", "echo {}; while [ ! -e "+dir+"/end ]; do sleep 0.01; done", ":::", "a", "b")
	term := onTerminalOf(t, unix.Winsize{}, c)
	term.waitFor(t, `0/2, 2 running +\[-+\]`)
	require.NoError(t, os.WriteFile(dir+"/end", nil, 0o644))
	require.NoError(t, c.Wait())
	term.waitFor(t, `2 jobs in .*: 2 ok\r\n`)
}

func TestRunOnTerminalInterruptedByKey(t *testing.T) {
	c := command(t, "run", ":::", "sleep 600")
	term := onTerminal(t, c)
	term.waitFor(t, `1 running`)
	_, err := term.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	c.Wait()
	assert.Equal(t, 130, c.ProcessState.ExitCode())
	term.waitFor(t, `\r\x1b\[Kheirloom: interrupted by SIGINT: waiting`)
	term.waitFor(t, `heirloom: interrupted by SIGINT: 1 canceled\r\n$`)
}

func TestRunColoursOnTerminal(t *testing.T) {
	tests := []struct {
		name, reason string
		env, args    []string
		coloured     bool
	}{
		{"auto", "a terminal shows colours", nil, nil, true},
		{"NO_COLOR", "whose user wants none", []string{"NO_COLOR=1"}, nil, false},
		{"NO_COLOR empty", "which says nothing when empty", []string{"NO_COLOR="}, nil, true},
		{"dumb", "or that cannot", []string{"TERM=dumb"}, nil, false},
		{"always", "flags have the last word", []string{"NO_COLOR=1"}, []string{"--color", "always"}, true},
		{"never", "flags have the last word", nil, []string{"--color", "never"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			c := command(t, append(append([]string{"run", "-q", "-o", "lines"}, tt.args...), ":::", "echo x")...)
			term := onTerminal(t, c, append([]string{"NO_COLOR="}, tt.env...)...)
			require.NoError(t, c.Wait())
			if tt.coloured {
				term.waitFor(t, `\x1b\[36m\[echo x\]\x1b\[0m x`)
			} else {
				term.waitFor(t, `^\[echo x\] x\r\n`)
			}
		})
	}
}

func TestRunWithOutputElsewhere(t *testing.T) {
	c := command(t, "run", "-o", "lines", ":::", "echo x")
	out, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer out.Close()
	c.Stdout = out
	term := onTerminal(t, c)
	require.NoError(t, c.Wait())
	text, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	assert.Equal(t, "[echo x] x\n", string(text), "no colours in a file, and no bar")
	term.waitFor(t, "1 job in .*: 1 ok")
	assert.NotContains(t, term.shown(), "[echo x]")
}

func TestRunOnTerminalWithoutJobs(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"run"}, "heirloom: nothing to run; heirloom run --help says how to give commands"},
		{[]string{"run", "gzip"}, `heirloom: no values for "gzip"; give them after :::, in a file (-f) or on standard input`},
	} {
		c := command(t, tt.args...)
		term := onTerminal(t, c)
		c.Wait()
		assert.Equal(t, 2, c.ProcessState.ExitCode())
		term.waitFor(t, "^"+regexp.QuoteMeta(tt.want)+"\r\n$")
	}
}
