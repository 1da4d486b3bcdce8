package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
)

// A measurement is how the benchmarks are run.
type measurement struct {
	root      string // of the repository
	rounds    int
	benchtime string
	match     string
	exact     bool // also in the exact mode
	log       io.Writer
}

// run runs the benchmarks, each once a round, and writes what they print to out.
func (m *measurement) run(out io.Writer) error {
	if m.rounds == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := m.build(filepath.Join(dir, "default.test"), "go")
	if err != nil {
		return err
	}
	exact := ""
	if m.exact {
		exact, err = m.build(filepath.Join(dir, "exact.test"), "go", "run", "./cmd/heirloom", "exact", "go")
		if err != nil {
			return err
		}
	}
	for r := range m.rounds {
		fmt.Fprintf(m.log, "\rround %d of %d", r+1, m.rounds)
		if err := m.round(r, binary, out); err != nil {
			return err
		}
		if exact == "" {
			continue
		}
		var lines bytes.Buffer
		if err := m.round(r, exact, &lines); err != nil {
			return err
		}
		for _, line := range ours.FindAllSubmatch(lines.Bytes(), -1) {
			fmt.Fprintf(out, "%s%s%s\n", line[1], exactly, line[2])
		}
	}
	fmt.Fprintln(m.log)
	return nil
}

// exactly is what the names of results in the exact mode end with.
const exactly = ",exact"

// ours matches the lines of Heirloom's own benchmarks, in two parts.
var ours = regexp.MustCompile(`(?m)^(Benchmark\S*/(?:ctxvar|gather\.\w+|heirloom))((?:-\d+)?\s.*)$`)

// build builds the benchmarks with a go command.
func (m *measurement) build(binary string, command ...string) (string, error) {
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args := append(command[1:], "test", "-c", "-o", binary, "./bench")
	build := exec.Command(command[0], args...)
	build.Dir, build.Stderr = m.root, m.log
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build the benchmarks: %w", err)
	}
	return binary, nil
}

// round runs each benchmark once.
func (m *measurement) round(r int, binary string, out io.Writer) error {
	bench := exec.Command(binary, "-test.run=^$", "-test.bench="+m.match, "-test.benchtime="+m.benchtime)
	bench.Stdout, bench.Stderr = out, m.log
	bench.Env = append(os.Environ(), "PEERS_ROTATE="+strconv.Itoa(r))
	if err := bench.Run(); err != nil {
		return fmt.Errorf("run the benchmarks: %w", err)
	}
	return nil
}

// python runs cpython.py.
func (m *measurement) python(python string, out io.Writer) error {
	script := exec.Command(python, filepath.Join(m.root, "bench", "cpython.py"))
	script.Stdout, script.Stderr = out, m.log
	if err := script.Run(); err != nil {
		return fmt.Errorf("run cpython.py: %w", err)
	}
	return nil
}
