// Command doccheck reads the repository's Markdown files and reports what is wrong in
// them: links to files, headings and packages that do not exist; Go code that does not
// parse; code in the README that is in no Go file of the repository, so that nothing
// would notice if it no longer compiled; tests that a table names and that do not exist;
// and exported names for which docs/decisions.md has no reason. A translation, such as
// README.zh-CN.md of README.md, must show the same code and the same figures.
//
// It works in the current folder, which must be the root of the repository.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
)

func main() {
	names, err := tracked()
	if err != nil {
		fmt.Fprintln(os.Stderr, "doccheck:", err)
		os.Exit(1)
	}
	findings, err := check(os.DirFS("."), names)
	if err != nil {
		fmt.Fprintln(os.Stderr, "doccheck:", err)
		os.Exit(1)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// tracked returns the files that git tracks or would add.
func tracked() ([]string, error) {
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

// A finding is a line of a Markdown file that is wrong.
type finding struct {
	file string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

// check checks all Markdown files among names that are not in testdata.
func check(fsys fs.FS, names []string) ([]finding, error) {
	var findings []finding
	pages := make(map[string]*page)
	var sources []source
	packages := make(public)
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			continue // deleted and not yet committed, or a link rather than a file
		}
		if strings.Contains("/"+name, "/testdata/") {
			continue
		}
		switch path.Ext(name) {
		case ".md":
			pages[name] = parsePage(name, string(text))
		case ".go":
			sources = append(sources, newSource(name, string(text)))
			packages.add(name, string(text))
		}
	}
	tests := testsOf(sources)
	for _, name := range names {
		p := pages[name]
		if p == nil {
			continue
		}
		findings = append(findings, p.checkLinks(fsys, pages)...)
		findings = append(findings, p.checkCode(sources)...)
		findings = append(findings, p.checkTests(tests)...)
		findings = append(findings, p.checkTranslation(pages)...)
		findings = append(findings, p.checkNames(packages)...)
	}
	return findings, nil
}
