// Command mutants tests the tests of packages: gremlins (github.com/go-gremlins/gremlins)
// changes one operator of a package at a time, and each time a test has to fail.
//
//	mutants -tree DIR -list FILE target ...
//
// DIR is a copy of the repository that nothing else uses. A target is a package, given as
// its folder in DIR, or a file. The program prints a line with the score of each target:
// the share of mutants that a test killed, not counting those that FILE lists. A mutant
// for which the tests never end counts as killed, and one that doesn't compile does not
// count. Mutants that live and are not listed are printed in the form of FILE. The exit
// code is 1 if a score is below 90 %, or if FILE lists a mutant that does not exist.
//
// The program gremlins must be in the same folder as this one.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// wanted is the lowest score, in percent, that a target may have.
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
