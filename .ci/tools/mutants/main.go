// Command mutants tests the tests of packages: gremlins (github.com/go-gremlins/gremlins)
// changes one operator of a package at a time, and a test has to fail each time.
//
//	mutants -tree DIR -list FILE target ...
//
// DIR is a copy of the repository that nothing else uses; targets are packages, which
// are folders in it, and files. For each, one line has its score: the share of the
// mutants, without those that FILE lists, that a test killed. One whose tests never end
// counts as killed, and one that doesn't compile not at all. The mutants that live and
// are not listed are printed as FILE would have them. The exit code is 1 if a score is
// below 90 %, or if FILE lists a mutant that there is not.
//
// The program gremlins must lie beside this one.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// wanted is the lowest score, in percent, that a package may have.
const wanted = 90

func main() {
	if filepath.Base(os.Args[0]) == "go" {
		os.Exit(goCommand(os.Args[1:]))
	}
	tree := flag.String("tree", ".", "a copy of the repository")
	list := flag.String("list", "", "the file that lists mutants and why they live")
	flag.Parse()
	if err := run(*tree, *list, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(tree, list string, targets []string) error {
	tree, err := filepath.Abs(tree)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	listed, err := parseList(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	r, err := newRunner(tree)
	if err != nil {
		return err
	}
	defer r.close()
	var failures []error
	for _, target := range targets {
		mutants, err := r.mutate(target)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", target, err))
			continue
		}
		s := judge(target, mutants, listed)
		fmt.Print(s)
		failures = append(failures, s.err())
	}
	return errors.Join(failures...)
}
