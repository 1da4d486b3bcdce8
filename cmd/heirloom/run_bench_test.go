package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A runner runs the shell commands in a file, one on each line, that many at a time,
// and passes on their output.
type runner struct {
	name string
	args func(file string, atOnce int) []string
}

var runners = []runner{
	{"heirloom", func(file string, atOnce int) []string {
		return []string{"run", "-j", strconv.Itoa(atOnce), "-f", file}
	}},
	{"xargs", func(file string, atOnce int) []string {
		return []string{"-a", file, "-d", "\n", "-n", "1", "-P", strconv.Itoa(atOnce), "sh", "-c"}
	}},
	{"parallel", func(file string, atOnce int) []string {
		return []string{"--will-cite", "-j", strconv.Itoa(atOnce), "-a", file}
	}},
	{"rush", func(file string, atOnce int) []string {
		return []string{"-j", strconv.Itoa(atOnce), "-i", file, "{}"}
	}},
}

// BenchmarkRun runs jobs with heirloom run, and with xargs, GNU parallel and rush if they
// are installed, all as processes. It takes minutes: use -benchtime 1x and -timeout.
func BenchmarkRun(b *testing.B) {
	exe, err := os.Executable()
	require.NoError(b, err)
	for _, bench := range []struct {
		name, command string
		times, atOnce int
		output        int64
	}{
		{"jobs=10000", "true", 10_000, 2, 0},
		{"jobs=200,sleep", "sleep 0.05", 200, 50, 0},
		{"output=1GiB", "head -c 134217728 /dev/zero", 8, 2, 1 << 30},
	} {
		file := filepath.Join(b.TempDir(), "jobs")
		lines := strings.Repeat(bench.command+"\n", bench.times)
		require.NoError(b, os.WriteFile(file, []byte(lines), 0o600))
		for _, r := range runners {
			b.Run(fmt.Sprintf("%s/%s", bench.name, r.name), func(b *testing.B) {
				path := exe
				if r.name != "heirloom" {
					if path, err = exec.LookPath(r.name); err != nil {
						b.Skip(err)
					}
				}
				b.SetBytes(bench.output)
				if r.name == "rush" && bench.output > 0 {
					b.Skip("takes minutes for output without line ends")
				}
				for b.Loop() {
					cmd := exec.CommandContext(b.Context(), path, r.args(file, bench.atOnce)...)
					cmd.Env = append(os.Environ(), actAsMain+"=1")
					// Like the next program of a pipeline, this reads from a pipe, in pieces of
					// the size that cat uses.
					out, err := cmd.StdoutPipe()
					require.NoError(b, err)
					require.NoError(b, cmd.Start())
					n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, out, make([]byte, 128<<10))
					require.NoError(b, err)
					require.NoError(b, cmd.Wait())
					require.Equal(b, bench.output, n)
				}
			})
		}
	}
}
