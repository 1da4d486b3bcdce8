package jobs

import (
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var (
	windowsCode = regexp.MustCompile(`(?i)^[-/](c|k|r|co|com.*|e|en.*|ec)$`)
	windowsFile = regexp.MustCompile(`(?i)^[-/]fi?l?e?$`)
)

// windowsShell refuses values in the code of a Windows shell.
func (p *program) windowsShell(name string, args []*syntax.Word, rest []string) {
	code := name == "powershell" // its first operand is code
	for i, w := range rest {
		if name != "cmd" && windowsFile.MatchString(w) {
			return
		}
		if code {
			p.refuse(args[i], "it would be code of "+name+"; give it to a script: "+name+" -File x.ps1 {}")
			p.runs(args[i])
		}
		code = code || windowsCode.MatchString(w) || name == "cmd" && len(w) > 1 && w[0] == '/'
	}
}

// entrypoint seats the places in the arguments of the program that a container starts,
// which follow the image.
func (p *program) entrypoint(args []*syntax.Word, rest []string) {
	for i, w := range rest {
		name, ok := strings.CutPrefix(w, "--entrypoint=")
		if w == "--entrypoint" && i+1 < len(rest) {
			name, ok = rest[i+1], true
		}
		if !ok {
			continue
		}
		language, shell := shellNames[programName(name)]
		for j := i + 1; j < len(rest); j++ {
			switch e := evaluators[programName(name)]; {
			case !strings.HasPrefix(rest[j], "-"):
			case shell && codeFlag.MatchString(rest[j]):
				p.shell(args[j:], rest[j:], language)
				return
			case e != nil:
				p.flaggedCode(e, args[j:], rest[j:])
			}
		}
	}
}
