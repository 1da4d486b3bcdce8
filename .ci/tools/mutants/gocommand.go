package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Gremlins runs `go`, and finds this program under that name. This program
// distinguishes mutants that do not compile, which gremlins would count as killed. It
// runs only the package's own tests, for as long as they may need, with all of their
// processes in a namespace.

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
	if args[0] != "test" {
		return exitCode(exec.Command("go", args...))
	}
	binary := filepath.Join(work, "test-"+strconv.Itoa(os.Getpid()))
	defer os.Remove(binary)
	limit := filepath.Join(work, "limit")
	pkg := strings.TrimSuffix(args[len(args)-1], "/...")
	if exitCode(exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary, pkg)) != 0 {
		return notCompiled
	}
	profile := slices.Index(args, "-coverprofile")
	if profile < 0 {
		text, err := os.ReadFile(limit)
		if err != nil {
			return failed(err)
		}
		longest, err := time.ParseDuration(string(text))
		if err != nil {
			return failed(err)
		}
		if !runTests(".", longest, binary) {
			return testsFailed
		}
		return 0
	}
	start := time.Now()
	if !runTests(pkg, 10*time.Minute, binary) {
		return testsFailed
	}
	longest := 5*time.Second + 3*time.Since(start)
	blocks, err := exec.Command("go", "list", "-f", wholeFiles, pkg).Output()
	if err = errors.Join(err, os.WriteFile(limit, []byte(longest.String()), 0o600),
		os.WriteFile(args[profile+1], append([]byte("mode: set\n"), blocks...), 0o600)); err != nil {
		return failed(err)
	}
	return 0
}

// wholeFiles is a template for go list that prints a coverage profile in which every
// line of each file was run. Gremlins leaves out lines that a profile does not have:
// conditions of a case and declarations, which no profile has, and lines that no test
// reaches. It would not find out which mutants of the latter don't compile.
const wholeFiles = `{{range .GoFiles}}{{$.ImportPath}}/{{.}}:1.1,2147483647.1 1 1{{"\n"}}{{end}}`

// runTests runs tests in a folder, in a session of their own, and reports whether they passed.
func runTests(dir string, longest time.Duration, test ...string) bool {
	args := append(test, "-test.short", "-test.failfast", "-test.paniconexit0", "-test.timeout="+longest.String())
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
	return exitCode(cmd) == 0
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
