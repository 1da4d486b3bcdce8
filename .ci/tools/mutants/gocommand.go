package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Gremlins runs `go`, and finds this program under that name. This program
// distinguishes mutants that do not compile, which gremlins would count as killed. It
// runs only the package's own tests, and of these only those that reach the mutant, for
// as long as they may need, with all of their processes in a namespace. For most mutants
// it need not run the compiler, see switches.go.

// apart begins a command line. The rest of the line runs as the second process of a PID
// namespace. The first process waits for orphans, and when it ends, so does everything
// that is left. A signal that a mutant sends to all processes, or to an id that is not
// a job's, reaches only processes in the namespace.
var apart = []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", `"$@"; exit $?`, "sh"}

const (
	pathVariable  = "MUTANTS_PATH"  // the PATH with the real go
	workVariable  = "MUTANTS_WORK"  // a folder for files about the package
	apartVariable = "MUTANTS_APART" // not empty if there are namespaces
)

// Exit codes that gremlins reads.
const (
	testsFailed = 1
	notCompiled = 2
	broken      = 3
)

func (r *runner) environment() []string {
	path := os.Getenv("PATH")
	env := []string{
		pathVariable + "=" + path,
		workVariable + "=" + r.work,
		"PATH=" + r.bin() + string(os.PathListSeparator) + path,
		"TMPDIR=" + r.work,
	}
	if r.apart {
		env = append(env, apartVariable+"=1")
	}
	return env
}

// goCommand does what gremlins asks of the go command, and returns its exit code:
//
//	go mod download
//	go test -cover -coverprofile FILE ./FOLDER/...
//	go test -timeout DURATION -failfast PACKAGE
func goCommand(args []string) int {
	work := os.Getenv(workVariable)
	os.Setenv("PATH", os.Getenv(pathVariable))
	// A shell that starts this program in the background has these signals ignored, and
	// every program below would inherit that. A signal with a handler is not inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGQUIT)
	if args[0] != "test" {
		return exitCode(exec.Command("go", args...))
	}
	planFile := filepath.Join(work, "plan")
	pkg := strings.TrimSuffix(args[len(args)-1], "/...")
	if profile := slices.Index(args, "-coverprofile"); profile >= 0 {
		return prepare(work, planFile, pkg, args[profile+1])
	}
	p, err := loadPlan(planFile)
	if err != nil {
		return failed(err)
	}
	if id, err := p.find("."); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err) // and it is compiled
	} else if id > 0 {
		return verdict(p.try(".", id))
	}
	binary := filepath.Join(work, "test-"+strconv.Itoa(os.Getpid()))
	defer os.Remove(binary)
	if !compile(pkg, binary) {
		return notCompiled
	}
	return verdict(runTests(".", p.Limit, binary))
}

func verdict(passed bool) int {
	if passed {
		return 0
	}
	return testsFailed
}

func compile(pkg, binary string) bool {
	return exitCode(exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary, pkg)) == 0
}

// prepare runs the tests of the package as it is, makes the plan for its mutants and
// writes the coverage profile that gremlins reads.
func prepare(work, planFile, pkg, profile string) int {
	binary := filepath.Join(work, "test")
	if !compile(pkg, binary) {
		return notCompiled
	}
	start := time.Now()
	if !runTests(pkg, 10*time.Minute, binary) {
		return testsFailed
	}
	p, err := newPlan(pkg, work, time.Since(start))
	if err != nil {
		return failed(err)
	}
	blocks, err := exec.Command("go", "list", "-f", wholeFiles, pkg).Output()
	if err = errors.Join(err, p.save(planFile), os.WriteFile(profile, append([]byte("mode: set\n"), blocks...), 0o600)); err != nil {
		return failed(err)
	}
	return 0
}

// wholeFiles is a template for go list that prints a coverage profile in which every
// line of each file was run. Gremlins leaves out lines that a profile does not have:
// conditions of a case and declarations, which no profile has, and lines that no test
// reaches. Of those that no test reaches, it would not find out which mutants don't compile.
const wholeFiles = `{{range .GoFiles}}{{$.ImportPath}}/{{.}}:1.1,2147483647.1 1 1{{"\n"}}{{end}}`

// runTests runs tests in a folder and reports whether they passed. Tests may also fail,
// or take too long, because the machine is busy. So a test that failed must fail once
// more, by itself or among the others: it may fail because of what the mutant left behind
// in those before it. Tests that took too long run again with three times as long.
func runTests(dir string, longest time.Duration, test ...string) bool {
	var failed []string
	for range 3 {
		res := runOnce(dir, longest, test...)
		if res.late {
			return runOnce(dir, 3*longest, test...).passed
		}
		if res.passed {
			return true
		}
		if res.failed == "" {
			if !runOnce(dir, longest, test...).passed {
				return false
			}
			continue
		}
		again := append(slices.Clone(test), "-test.run=^"+res.failed+"$")
		if slices.Contains(failed, res.failed) || !runOnce(dir, longest, again...).passed {
			return false
		}
		failed = append(failed, res.failed)
	}
	return true
}

// An outcome is how a run of tests ended.
type outcome struct {
	passed bool
	late   bool   // it took too long
	failed string // the first test that failed, if one is named
}

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// runOnce runs tests in a folder, in a session of their own.
func runOnce(dir string, longest time.Duration, test ...string) outcome {
	args := append(slices.Clone(test), "-test.short", "-test.failfast", "-test.paniconexit0", "-test.timeout="+longest.String())
	if os.Getenv(apartVariable) != "" {
		args = append(slices.Clone(apart), args...)
	}
	// The test binary's own limit comes first, unless its timers no longer run.
	ctx, cancel := context.WithTimeout(context.Background(), longest+5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	// A mutant may signal its own process group, which must not be gremlins' group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// A process that outlives the tests may still hold their output open.
	cmd.WaitDelay = 5 * time.Second
	start := time.Now()
	out, err := cmd.CombinedOutput()
	res := outcome{passed: err == nil, late: time.Since(start) >= longest}
	if m := failure.FindSubmatch(out); m != nil {
		res.failed = string(m[1])
	}
	return res
}

func exitCode(cmd *exec.Cmd) int {
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	return failed(err)
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	return broken
}
