package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A hello is a program that says hello, used to measure what a package adds to the size
// of a binary.
type hello struct{ title, bench, imports, use string }

var hellos = []hello{
	{"`fmt` alone", "Binary/fmt", "", ""},
	{"and `runtime/pprof`, for its labels", "Binary/pprof", `"context"; "runtime/pprof"`,
		`pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("k", "v")))`},
	{"and `ctxvar`", "Binary/ctxvar", `"github.com/heirloom-go/heirloom/ctxvar"`, `ctxvar.New[string]("v").Set("x")`},
}

const (
	whole    = "bytes"
	stripped = "stripped-bytes"
)

// sizes builds the programs and writes the sizes of their binaries to out.
func (m *measurement) sizes(out io.Writer) error {
	dir, err := os.MkdirTemp("", "sizes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "hello")
	for _, h := range hellos {
		text := fmt.Sprintf("package main\n\nimport (\"fmt\"; %s)\n\nfunc main() {\n%s\nfmt.Println(\"hello\")\n}\n", h.imports, h.use)
		if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(out, "Benchmark%s 1", h.bench)
		for _, unit := range []struct{ name, flags string }{{whole, ""}, {stripped, "-s -w"}} {
			build := exec.Command("go", "build", "-o", binary, "-ldflags="+unit.flags, source)
			build.Dir, build.Stderr = m.root, m.log // in the root, for the import of ctxvar
			if err := build.Run(); err != nil {
				return fmt.Errorf("build %s: %w", h.bench, err)
			}
			info, err := os.Stat(binary)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, " %d %s", info.Size(), unit.name)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// sizesTable returns the table of sizes: that of the first program, and how much larger
// the others are. It returns "" if they were not measured.
func sizesTable(s series) string {
	var b strings.Builder
	b.WriteString("| | binary | stripped |\n| --- | ---: | ---: |\n")
	for i, h := range hellos {
		fmt.Fprintf(&b, "| %s |", h.title)
		for _, unit := range []string{whole, stripped} {
			first, _ := s.best(hellos[0].bench, unit)
			size, ok := s.best(h.bench, unit)
			switch {
			case !ok:
				return ""
			case i == 0:
				fmt.Fprintf(&b, " %.0f KB |", size/1e3)
			default:
				fmt.Fprintf(&b, " + %.0f KB |", (size-first)/1e3)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
