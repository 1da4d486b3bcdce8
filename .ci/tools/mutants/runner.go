package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A runner makes gremlins mutate packages of a tree.
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

// mutate returns the mutants of a target, a package or a file, and the state of each.
func (r *runner) mutate(target string) ([]mutant, error) {
	pkg, only := target, ""
	if strings.HasSuffix(target, ".go") {
		pkg, only = path.Split(target)
	}
	dir := filepath.Join(r.tree, pkg)
	files, err := r.others(dir, only)
	if err != nil {
		return nil, err
	}
	report := filepath.Join(r.work, "report.json")
	args := []string{"unleash", dir, "--output", report, "--output-statuses", "l", "--timeout-coefficient", "100"}
	// These are all kinds but invert-negatives, since arithmetic-base changes a minus too.
	for _, kind := range []string{
		"arithmetic-base", "conditionals-boundary", "conditionals-negation", "increment-decrement", "invert-assignments",
		"invert-bitwise", "invert-bwassign", "invert-logical", "invert-loopctrl", "remove-self-assignments",
	} {
		args = append(args, "--"+kind)
	}
	args = append(args, "--invert-negatives=false")
	// This excludes the packages below this one and the files of other platforms.
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
	return readReport(content, r.tree, path.Clean(pkg))
}

// others returns the source files in a folder that must not be changed: those that are
// not compiled here and, if a file is given, all others.
func (r *runner) others(dir, only string) ([]string, error) {
	list := exec.Command("go", "list", "-json=GoFiles,IgnoredGoFiles,Imports")
	list.Dir = dir
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	var pkg struct{ GoFiles, IgnoredGoFiles, Imports []string }
	if err := json.Unmarshal(out, &pkg); err != nil {
		return nil, err
	}
	if slices.Contains(pkg.Imports, "os/exec") && !r.apart {
		return nil, fmt.Errorf("the package starts programs, so its mutants may signal any process: they run only in a PID namespace, which takes Linux and root")
	}
	if only == "" {
		return pkg.IgnoredGoFiles, nil
	}
	if !slices.Contains(pkg.GoFiles, only) {
		return nil, fmt.Errorf("%s is not a file that is compiled here", only)
	}
	return append(pkg.IgnoredGoFiles, slices.DeleteFunc(pkg.GoFiles, func(name string) bool { return name == only })...), nil
}
