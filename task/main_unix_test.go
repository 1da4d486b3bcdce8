//go:build unix

package task_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgram is the main function of a program, when TestMainOfAProgram runs it.
func TestProgram(t *testing.T) {
	if os.Getenv("HEIRLOOM_PROGRAM") == "" {
		t.Skip("it ends the program")
	}
	ExampleMain()
}

// A program of its own is sent real signals.
func TestMainOfAProgram(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			program := exec.Command(os.Args[0], "-test.run=^TestProgram$")
			program.Env = append(os.Environ(), "HEIRLOOM_PROGRAM=1")
			var stderr strings.Builder
			program.Stderr = &stderr
			out, err := program.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, program.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan(), "%s", &stderr)
			assert.Equal(t, "serving", lines.Text())
			require.NoError(t, program.Process.Signal(signal))
			require.True(t, lines.Scan())
			assert.Equal(t, "the last requests are answered", lines.Text())
			assert.False(t, lines.Scan())
			var exit *exec.ExitError
			require.ErrorAs(t, program.Wait(), &exit)
			assert.Equal(t, code, exit.ExitCode())
			assert.Empty(t, stderr.String())
		})
	}
}
