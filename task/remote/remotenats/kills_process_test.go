//go:build unix

package remotenats_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A part is one process of the installation.
type part struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	dead           bool // it was killed, so its exit code does not count
	ended          bool
}

// endAll ends the processes that are left, in an orderly way.
func (k *kill) endAll() {
	for _, kind := range []string{"worker", "server"} { // workers first, since they take leave of a server
		for name, p := range k.parts {
			if strings.HasPrefix(name, kind) && !p.ended {
				if !p.dead {
					_ = p.Process.Signal(syscall.SIGTERM)
				}
				k.wait(name)
			}
		}
	}
}

// wait waits for a process that must end well, which means that no goroutine is
// left.
func (k *kill) wait(name string) {
	p := k.parts[name]
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	select {
	case err := <-done:
		p.ended = true
		assert.NoError(k, err, "%s: %s", name, p.stderr.String())
	case <-k.ctx.Done():
		_ = p.Process.Signal(syscall.SIGQUIT)
		<-done
		p.ended = true
		k.tell()
		require.Fail(k, name+" does not end")
	}
}

// tell logs the output of the processes and the stacks of their goroutines.
func (k *kill) tell() {
	for name, p := range k.parts {
		if !p.ended {
			_ = p.Process.Signal(syscall.SIGQUIT)
			_ = p.Wait()
			p.ended = true
		}
		k.Logf("%s: %v\n%s", name, p.ProcessState, p.stderr.String())
	}
}

func (k *kill) killAll() {
	for _, p := range k.parts {
		if !p.ended {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	}
}

// start starts a process under a name.
func (k *kill) start(name string, r role) {
	r.Name = name
	text, err := json.Marshal(r)
	require.NoError(k, err)
	exe, err := os.Executable()
	require.NoError(k, err)
	p := &part{Cmd: exec.Command(exe)}
	p.Env = append(os.Environ(), roleVariable+"="+string(text))
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	require.NoError(k, p.Start())
	k.parts[name] = p
}
