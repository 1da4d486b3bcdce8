// Report runs the benchmarks of docs/performance.md, those of bench and those of the
// packages themselves, round after round, and writes the results into docs: the tables
// of that page and its plots.
//
//	go run ./bench/report [flags]
//
// Other work on the machine can only slow a benchmark down. So Report runs each
// benchmark for a short time, many times and in a different order each time, and
// compares the fastest runs.
//
// With -exact it also runs Heirloom's own benchmarks as built in the exact mode, in
// each round. With -python it runs cpython.py after the last round.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(args []string, log io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	var (
		rounds    = flags.Int("rounds", 30, "how many rounds; most suites run in each, every benchmark three times")
		benchtime = flags.String("benchtime", "10ms", "how long each run of a benchmark takes; see go help testflag")
		only      = flags.String("only", "", "the suites to run, separated by commas: "+suiteNames()+" (default all)")
		exact     = flags.Bool("exact", false, "also run Heirloom's own benchmarks in the exact mode")
		python    = flags.String("python", "", "the python3 to run cpython.py with")
		results   = flags.String("results", "", "a file to add the results to; what it has already is reported too")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	root, err := repository()
	if err != nil {
		return err
	}

	var all bytes.Buffer
	if *results != "" {
		before, err := os.ReadFile(*results)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		all.Write(before)
	}
	m := measurement{root: root, rounds: *rounds, benchtime: *benchtime, exact: *exact, log: log}
	if *only != "" {
		m.only = strings.Split(*only, ",")
	}
	if err := m.run(&all); err != nil {
		return err
	}
	if *rounds > 0 && *only == "" {
		if err := m.sizes(&all); err != nil {
			return err
		}
	}
	if *python != "" {
		if err := m.python(*python, &all); err != nil {
			return err
		}
	}
	if *results != "" {
		if err := os.WriteFile(*results, all.Bytes(), 0o644); err != nil {
			return err
		}
	}

	series, err := parse(&all)
	if err != nil {
		return err
	}
	docs := filepath.Join(root, "docs")
	if err := writeTables(filepath.Join(docs, "performance.md"), series); err != nil {
		return err
	}
	return writePlots(docs, series)
}

// repository returns the root of the repository that contains the working directory.
func repository() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/heirloom-go/heirloom").Output()
	if err != nil {
		return "", fmt.Errorf("not in the repository: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
