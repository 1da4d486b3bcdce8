package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A plan says how to try the mutants of a package: it names the binary with the switches,
// and the tests that reach each switch. A test that does not reach a mutant cannot kill
// it.
type plan struct {
	Dir      string // of the original package
	Binary   string // "" if there is none; then each mutant is compiled
	Switches map[change]int
	Tests    []reach
	Limit    time.Duration // for all tests
}

// A reach lists the switches that one test reaches.
type reach struct {
	Test     string
	Took     time.Duration
	Switches []int
}

// The variables that the package with the switches reads, see switchesText.
const (
	switchVariable  = "MUTANTS_SWITCH"
	reachedVariable = "MUTANTS_REACHED"
)

// newPlan makes the plan for a package. took is how long its tests take.
func newPlan(dir, work string, took time.Duration) (*plan, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	p := &plan{Dir: dir, Limit: 5*time.Second + 3*took}
	b, err := newBoard(dir)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(work, "test-switches")
	if err := b.compile(dir, work, binary); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		return p, nil
	}
	if !runTests(dir, p.Limit, binary) {
		return p, nil // because of the switches
	}
	p.Binary, p.Switches = binary, b.switches
	list := exec.Command(binary, "-test.list=.")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "Benchmark") {
			continue
		}
		r, err := p.reach(name, filepath.Join(work, "reached"))
		if err != nil {
			return nil, err
		}
		p.Tests = append(p.Tests, r)
	}
	return p, nil
}

// reach runs one test, which writes the switches that it reaches to a file. A test that
// fails by itself, with no switch on, reaches none: it must not kill every mutant.
func (p *plan) reach(name, file string) (reach, error) {
	os.Setenv(reachedVariable, file)
	defer os.Unsetenv(reachedVariable)
	start := time.Now()
	passed := runTests(p.Dir, p.Limit, p.Binary, "-test.run=^"+name+"$")
	r := reach{Test: name, Took: time.Since(start)}
	text, err := os.ReadFile(file)
	if err = errors.Join(err, os.Remove(file)); err != nil || !passed {
		return r, err
	}
	for _, word := range strings.Fields(string(text)) {
		id, err := strconv.Atoi(word)
		if err != nil {
			return r, err
		}
		if !slices.Contains(r.Switches, id) { // a test may start its own program
			r.Switches = append(r.Switches, id)
		}
	}
	return r, nil
}

// compile compiles the test binary of the package with switches.
func (b *board) compile(dir, work, binary string) error {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	folder := filepath.Join(work, "switches")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for name, text := range b.sources {
		file := filepath.Join(folder, filepath.Base(name))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
		overlay.Replace[name] = file
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	file := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", file, "-o", binary, ".")
	cmd.Dir = dir
	if exitCode(cmd) != 0 {
		return errors.New("the package with switches does not compile")
	}
	return nil
}

// find returns the number of the switch for the change in a copy of the package, or 0 if
// there is none.
func (p *plan) find(dir string) (int, error) {
	files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		name := filepath.Base(file)
		before, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		after, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		if string(before) == string(after) {
			continue
		}
		c, err := changeBetween(name, before, after)
		return p.Switches[c], err
	}
	return 0, errors.New("no file was changed")
}

// try turns a switch on, runs the tests that reach it, and reports whether they passed.
// The quickest tests run first, as many as take a tenth of the time of all.
func (p *plan) try(dir string, id int) bool {
	os.Setenv(switchVariable, strconv.Itoa(id))
	defer os.Unsetenv(switchVariable)
	var all []reach
	var took time.Duration
	for _, r := range p.Tests {
		if slices.Contains(r.Switches, id) {
			all = append(all, r)
			took += r.Took
		}
	}
	slices.SortFunc(all, func(a, b reach) int { return cmp.Compare(a.Took, b.Took) })
	quick, sum := 0, time.Duration(0)
	for quick < len(all) && 10*(sum+all[quick].Took) <= took {
		sum += all[quick].Took
		quick++
	}
	for _, some := range [][]reach{all[:quick], all[quick:]} {
		var names []string
		limit := 10 * time.Second
		for _, r := range some {
			names = append(names, r.Test)
			limit += 3 * r.Took
		}
		if len(names) > 0 && !runTests(dir, limit, p.Binary, "-test.run=^("+strings.Join(names, "|")+")$") {
			return false
		}
	}
	return true
}

func (p *plan) save(file string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func loadPlan(file string) (*plan, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := new(plan)
	return p, json.Unmarshal(text, p)
}
