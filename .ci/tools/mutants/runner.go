package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

// A runner has gremlins mutate packages of a tree.
type runner struct {
	tree     string
	work     string
	gremlins string
	apart    bool
}

func newRunner(tree string) (*runner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	r := &runner{tree: tree, work: work, gremlins: filepath.Join(filepath.Dir(self), "gremlins")}
	r.apart = exec.Command(apart[0], append(slices.Clone(apart[1:]), "true")...).Run() == nil
	if err := errors.Join(os.Mkdir(r.bin(), 0o700), os.Symlink(self, filepath.Join(r.bin(), "go"))); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *runner) bin() string { return filepath.Join(r.work, "bin") }

func (r *runner) close() error { return os.RemoveAll(r.work) }

// mutate returns the mutants of a package and what became of each.
func (r *runner) mutate(pkg string) ([]mutant, error) {
	dir := filepath.Join(r.tree, pkg)
	files, err := r.files(dir)
	if err != nil {
		return nil, err
	}
	report := filepath.Join(r.work, "report.json")
	args := []string{"unleash", dir, "--output", report, "--output-statuses", "l", "--timeout-coefficient", "100"}
	// All kinds but one: what it does to a minus, arithmetic-base does too.
	for _, kind := range []string{
		"arithmetic-base", "conditionals-boundary", "conditionals-negation", "increment-decrement", "invert-assignments",
		"invert-bitwise", "invert-bwassign", "invert-logical", "invert-loopctrl", "remove-self-assignments",
	} {
		args = append(args, "--"+kind)
	}
	args = append(args, "--invert-negatives=false")
	// Neither the packages below this one, nor the files of other platforms.
	args = append(args, "--exclude-files", "/")
	for _, name := range files {
		args = append(args, "--exclude-files", "^"+regexp.QuoteMeta(name)+"$")
	}
	gremlins := exec.Command(r.gremlins, args...)
	gremlins.Stdout, gremlins.Stderr = os.Stdout, os.Stderr
	gremlins.Env = append(os.Environ(), r.environment()...)
	if err := gremlins.Run(); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	return readReport(content, r.tree, pkg)
}

// files returns the source files in a folder that are not compiled here.
func (r *runner) files(dir string) ([]string, error) {
	list := exec.Command("go", "list", "-json=IgnoredGoFiles,Imports")
	list.Dir = dir
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	var pkg struct{ IgnoredGoFiles, Imports []string }
	if err := json.Unmarshal(out, &pkg); err != nil {
		return nil, err
	}
	if slices.Contains(pkg.Imports, "os/exec") && !r.apart {
		return nil, fmt.Errorf("it signals processes, and a mutant may signal all there are: it is run only in a PID namespace, by root on Linux")
	}
	return pkg.IgnoredGoFiles, nil
}
