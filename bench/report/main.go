// Report runs the benchmarks of bench in turns, round after round, and
// writes what comes out into docs: the tables of docs/performance.md and its
// plots.
//
//	go run ./bench/report [flags]
//
// What else the machine does can only slow a benchmark down. So it runs each for
// a short time, many times and in a different order each time, and compares the
// fastest runs.
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
	"runtime"
	"strconv"
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
		rounds    = flags.Int("rounds", 100, "how many times to run each benchmark")
		benchtime = flags.String("benchtime", "10ms", "how long to run each, each time; see go help testflag")
		match     = flags.String("bench", ".", "which benchmarks to run")
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
	if err := measure(root, *rounds, *benchtime, *match, &all, log); err != nil {
		return err
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

// repository returns the root of the repository that the working directory is
// in.
func repository() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/heirloom-go/heirloom").Output()
	if err != nil {
		return "", fmt.Errorf("not in the repository: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// measure runs the benchmarks, each once per round, and writes what they print
// to out.
func measure(root string, rounds int, benchtime, match string, out, log io.Writer) error {
	if rounds == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "peers.test")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "test", "-c", "-o", binary, "./bench")
	build.Dir, build.Stderr = root, log
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the benchmarks: %w", err)
	}
	for r := range rounds {
		fmt.Fprintf(log, "\rround %d of %d", r+1, rounds)
		bench := exec.Command(binary, "-test.run=^$", "-test.bench="+match, "-test.benchtime="+benchtime)
		bench.Stdout, bench.Stderr = out, log
		bench.Env = append(os.Environ(), "PEERS_ROTATE="+strconv.Itoa(r))
		if err := bench.Run(); err != nil {
			return fmt.Errorf("run the benchmarks: %w", err)
		}
	}
	fmt.Fprintln(log)
	return nil
}
