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
	"slices"
	"strconv"
	"strings"
)

// A measurement says how the benchmarks are run.
type measurement struct {
	root      string // of the repository
	rounds    int
	benchtime string
	only      []string // the names of the suites to run; all if there are none
	exact     bool     // also in the exact mode
	log       io.Writer
}

// A program is a suite built in one mode.
type program struct {
	suite  suite
	exact  bool
	binary string
}

// run runs the benchmarks, round after round, and writes their output to out.
func (m *measurement) run(out io.Writer) error {
	if m.rounds == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	programs, err := m.build(dir)
	if err != nil {
		return err
	}
	for r := range m.rounds {
		fmt.Fprintf(m.log, "\rround %d of %d", r+1, m.rounds)
		for _, p := range programs {
			if r%p.suite.every != 0 {
				continue
			}
			if err := m.round(r, p, out); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(m.log)
	return nil
}

// build builds the suites in the requested modes, each package once.
func (m *measurement) build(dir string) (programs []program, err error) {
	for _, name := range m.only {
		if !slices.ContainsFunc(suites, func(s suite) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no suite %q", name)
		}
	}
	modes := [][]string{{"go"}}
	if m.exact {
		modes = append(modes, []string{"go", "run", "./cmd/heirloom", "exact", "go"})
	}
	for mode, command := range modes {
		built := make(map[string]string)
		for _, s := range suites {
			if len(m.only) > 0 && !slices.Contains(m.only, s.name) {
				continue
			}
			if built[s.pkg] == "" {
				binary := filepath.Join(dir, fmt.Sprintf("%s-%d.test", filepath.Base(s.pkg), mode))
				if runtime.GOOS == "windows" {
					binary += ".exe"
				}
				args := append(slices.Clone(command[1:]), "test", "-c", "-o", binary, s.pkg)
				build := exec.Command(command[0], args...)
				build.Dir, build.Stderr = m.root, m.log
				if err := build.Run(); err != nil {
					return nil, fmt.Errorf("build the benchmarks of %s: %w", s.pkg, err)
				}
				built[s.pkg] = binary
			}
			programs = append(programs, program{suite: s, exact: mode == 1, binary: built[s.pkg]})
		}
	}
	return programs, nil
}

// round runs the benchmarks of p.
func (m *measurement) round(r int, p program, out io.Writer) error {
	// The first benchmark of a process takes several times as long, because the system
	// has not yet given the heap its memory. Its third run does not.
	benchtime, count := m.benchtime, "3"
	if p.suite.once {
		benchtime, count = "1x", "1"
	}
	var printed bytes.Buffer
	bench := exec.Command(p.binary, "-test.run=^$", "-test.bench="+p.suite.match, "-test.skip="+p.suite.skip,
		"-test.benchtime="+benchtime, "-test.count="+count, "-test.benchmem")
	// Runs in the folder of the package, as with go test.
	bench.Dir = filepath.Join(m.root, filepath.FromSlash(p.suite.pkg))
	bench.Stdout, bench.Stderr = &printed, m.log
	bench.Env = append(os.Environ(), "PEERS_ROTATE="+strconv.Itoa(r))
	if err := bench.Run(); err != nil {
		return fmt.Errorf("run the benchmarks of %s: %w", p.suite.pkg, err)
	}
	_, err := io.WriteString(out, p.named(printed.String()))
	return err
}

// exactly is the suffix of the names of results in the exact mode.
const exactly = ",exact"

var (
	// resultLine matches a line with a result, in two parts.
	resultLine = regexp.MustCompile(`(?m)^Benchmark(\S*?)((?:-\d+)?\s.*)$`)
	// heirlooms matches the names of Heirloom's own benchmarks among others'.
	heirlooms = regexp.MustCompile(`/(?:ctxvar|gather\.\w+|heirloom)$`)
)

// named returns the lines with results in the output of p, with their names as in the
// tables.
func (p program) named(printed string) string {
	var b strings.Builder
	for _, line := range resultLine.FindAllStringSubmatch(printed, -1) {
		name, rest := line[1], line[2]
		if p.exact {
			if !p.suite.owned() && !heirlooms.MatchString(name) {
				continue
			}
			name += exactly
		}
		fmt.Fprintf(&b, "Benchmark%s%s%s\n", p.suite.prefix, name, rest)
	}
	return b.String()
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
