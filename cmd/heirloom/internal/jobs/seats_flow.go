package jobs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A flow records the values that are put into variables and may be code where these
// variables are used: x={}; eval "$x".
type flow struct {
	computes  bool                // expressions are made of variables
	declared  []string            // the names of functions
	functions bool                // there are functions, or xargs, so that arguments are in $1
	reading   bool                // a function runs what it reads
	from      map[string][]string // the texts that each variable is set to
	arguments []string            // of commands
	codes     []string            // texts that a shell runs after their variables are replaced
	split     []string            // words that a shell splits into a command and its arguments
	limited   []limited           // texts that a program other than a shell runs
}

// A limited is a text whose variables may hold only values within the limit.
type limited struct {
	text string
	limit
}

// positional stands for $1, $2 and so on.
const positional = "@"

var (
	mentioned = regexp.MustCompile(`\$\{?[!#+~=^]*(?:\([^)]*\))?([A-Za-z_][A-Za-z0-9_]*|[0-9@*])`)
	varying   = regexp.MustCompile(`[A-Za-z_$` + "`" + `]`)
	globbed   = regexp.MustCompile(`\$\{?[=^]*~`)
)

func (f *flow) set(name, text string) {
	if f.from == nil {
		f.from = map[string][]string{}
	}
	f.from[name] = append(f.from[name], text)
}

// holds reports whether the text contains a value.
func (r *reading) holds(text string) bool {
	found, _ := r.marks(text)
	return slices.ContainsFunc(found, func(i int) bool { return !r.places[i].counted() })
}

// varies reports whether the text contains variables or commands, written with a $ or
// not.
func (r *reading) varies(text string) bool {
	_, at := r.marks(text)
	for i := len(at) - 1; i >= 0; i-- {
		text = text[:at[i][0]] + "0" + text[at[i][1]:]
	}
	return varying.MatchString(text)
}

// settle refuses or limits the values that the flow leads to code.
func (r *reading) settle() error {
	f := &r.flow
	if f.from == nil {
		f.from = map[string][]string{}
	}
	if f.functions {
		f.from[positional] = append(f.from[positional], f.arguments...)
	}
	f.from["_"] = f.arguments
	for i, place := range r.places {
		if place.counted() {
			continue
		}
		stored, mentions := r.mentions(i)
		for name := range stored {
			if slices.Contains(computedVariables, name) {
				r.seats[i].restrict(onlyNumber)
			}
		}
		for _, text := range f.codes {
			if name := mentions(text); name != "" {
				return &refusal{i, fmt.Sprintf("$%s would be run, and a value may be in it; use $%[1]s as an argument only", name)}
			}
		}
		for _, text := range f.split {
			if name := mentions(text); name != "" {
				return &refusal{i, fmt.Sprintf("the shell would make a command of $%s, and a value may be in it; write \"$%[1]s\"", name)}
			}
		}
		for _, l := range f.limited {
			if mentions(l.text) != "" {
				r.seats[i].restrict(l.limit)
			}
		}
		if f.computes {
			r.seats[i].restrict(onlyInert)
		}
	}
	return nil
}

// mentions returns the variables that may hold the value of a place, and a function that
// returns one of them that a text contains, or "".
func (r *reading) mentions(place int) (stored map[string]bool, mentions func(text string) string) {
	stored = map[string]bool{}
	mentions = func(text string) string {
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			name := m[1]
			if strings.Contains("0123456789*", name) {
				name = positional
			}
			if stored[name] {
				return m[1]
			}
		}
		return ""
	}
	holds := func(text string) bool {
		found, _ := r.marks(text)
		return slices.Contains(found, place) || mentions(text) != ""
	}
	for more := true; more; {
		more = false
		for name, texts := range r.flow.from {
			if !stored[name] && slices.ContainsFunc(texts, holds) {
				stored[name], more = true, true
			}
		}
	}
	return stored, mentions
}

// follow records what variables are set to and used for.
func (p *program) follow(root syntax.Node) {
	f := &p.flow
	syntax.Walk(root, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.CStyleLoop, *syntax.LetClause:
			f.computes = f.computes || p.varies(p.source(n))
		case *syntax.BinaryTest:
			if n.Op == syntax.TsReMatch {
				for _, own := range []string{"BASH_REMATCH", "MATCH", "match"} {
					f.set(own, p.source(n.X))
				}
			}
			if n.Op >= syntax.TsEql && n.Op <= syntax.TsGtr {
				f.computes = f.computes || p.varies(p.source(n.X)+p.source(n.Y))
			}
		case *syntax.UnaryTest:
			if n.Op == syntax.TsVarSet || n.Op == syntax.TsRefVar || n.Op == syntax.TsFdTerm {
				f.computes = f.computes || strings.Contains(p.source(n), "$")
			}
		case *syntax.ParamExp:
			p.followParameter(n)
		case *syntax.FuncDecl:
			f.functions = true
			f.reading = f.reading || p.readsCode(n.Body)
			for _, name := range append(n.Names, n.Name) {
				if name != nil {
					f.declared = append(f.declared, name.Value)
				}
			}
		case *syntax.WordIter:
			text := "$@"
			if n.InPos.IsValid() {
				text = ""
				for _, w := range n.Items {
					text += p.source(w) + " "
				}
			}
			f.set(n.Name.Value, text)
		case *syntax.DeclClause:
			p.followDeclaration(n)
		case *syntax.Assign:
			p.followAssignment(n)
		case *syntax.ArrayElem:
			f.computes = f.computes || n.Index != nil && p.varies(p.source(n.Index))
		case *syntax.CallExpr:
			// With xargs, the output of one command is in the $1 of another.
			f.functions = f.functions || len(n.Args) > 0 && p.source(n.Args[0]) == "xargs"
			for _, w := range n.Args[min(1, len(n.Args)):] {
				f.arguments = append(f.arguments, p.source(w))
			}
		case *syntax.BinaryCmd:
			if (n.Op == syntax.Pipe || n.Op == syntax.PipeAll) && p.readsCode(n.Y) {
				p.printed(n.X)
			}
		case *syntax.CoprocClause:
			if p.readsCode(root) {
				p.printed(root)
			}
		case *syntax.Stmt:
			p.redirected(n, root)
		}
		return true
	})
}

func (p *program) followParameter(e *syntax.ParamExp) {
	f, text := &p.flow, p.source(e)
	switch {
	case e.Slice != nil && p.varies(p.slice(e.Slice)),
		e.Index != nil && p.varies(p.source(e.Index)),
		e.Excl && e.Names == 0:
		f.computes = true
	}
	f.computes = f.computes || e.Flags != nil // as ${(l:x:)y}
	if e.Exp != nil && e.Param != nil && (e.Exp.Op == syntax.AssignUnset || e.Exp.Op == syntax.AssignUnsetOrNull) && e.Exp.Word != nil {
		p.variable(e.Param.Value, p.source(e.Exp.Word), e.Exp.Word)
	}
	if e.Exp != nil && e.Exp.Op == syntax.OtherParamOps && p.source(e.Exp.Word) == "P" || e.Flags != nil || globbed.MatchString(text) {
		f.codes = append(f.codes, text)
	}
}

func (p *program) slice(s *syntax.Slice) (text string) {
	for _, e := range []syntax.ArithmExpr{s.Offset, s.Length} {
		if e != nil {
			text += p.source(e)
		}
	}
	return text
}

func (p *program) followAssignment(a *syntax.Assign) {
	text := ""
	if a.Value != nil {
		text = p.source(a.Value)
	}
	if a.Array != nil {
		text = p.source(a.Array)
	}
	if a.Index != nil && p.varies(p.source(a.Index)) {
		p.flow.computes = true
	}
	if a.Name == nil {
		return
	}
	p.variable(a.Name.Value, text, a)
}

// variable records that a variable is set to the text, which is in n.
func (p *program) variable(name, text string, n syntax.Node) {
	p.flow.set(name, text)
	if runsCode(name) {
		p.flow.codes = append(p.flow.codes, text)
		p.refuse(n, name+" is a command to what reads it")
	}
}

func (p *program) followDeclaration(d *syntax.DeclClause) {
	for _, a := range d.Args {
		switch text := p.source(a); {
		case a.Naked && a.Value != nil && strings.HasPrefix(text, "-"):
			p.flow.computes = p.flow.computes || strings.ContainsAny(text, "inEF")
		case a.Naked && a.Value != nil:
			p.flow.codes = append(p.flow.codes, text)
		}
	}
	switch d.Variant.Value {
	case "nameref", "integer", "float":
		p.flow.computes = true
	}
}

// printed records that the output of the commands in n is read as code.
func (p *program) printed(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Redirect:
			p.fed(n)
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				return true
			}
			if name, _ := p.static(n.Args[0]); name == "echo" || name == "printf" || name == "print" || slices.Contains(p.flow.declared, name) {
				for _, w := range n.Args[1:] {
					p.input(w)
				}
			}
		}
		return true
	})
}

// redirected records what a statement of the root reads or prints. Redirections of exec
// apply to all statements after it.
func (p *program) redirected(n *syntax.Stmt, root syntax.Node) {
	if len(n.Redirs) == 0 || n.Cmd == nil {
		return
	}
	var reader syntax.Node = n.Cmd
	if c, ok := n.Cmd.(*syntax.CallExpr); ok && len(c.Args) > 0 && slices.Contains(p.texts(c.Args), "exec") {
		reader = root
	}
	reads := p.readsCode(reader)
	for _, r := range n.Redirs {
		if reads {
			p.fed(r)
		}
		if strings.Contains(p.source(r.Word), ">(") && p.readsCode(r.Word) {
			p.printed(reader)
		}
	}
}

// fed records that the text that r makes standard input is code.
func (p *program) fed(r *syntax.Redirect) {
	switch r.Op {
	case syntax.WordHdoc:
		p.input(r.Word)
	case syntax.Hdoc, syntax.DashHdoc:
		if r.Hdoc == nil {
			break
		}
		if word, _ := p.static(r.Word); word == p.source(r.Word) {
			p.flow.codes = append(p.flow.codes, p.source(r.Hdoc))
		} else {
			// Nothing in it is replaced. If it is not shell code, this finds nothing.
			_ = p.program(p.source(r.Hdoc), p.sh)
		}
	default:
		p.printed(r.Word) // <(echo {})
	}
}

// input records that a word is read as code. Its places have a layer for the word itself
// already.
func (p *program) input(w *syntax.Word) {
	p.limit(w, onlyFed)
	p.flow.codes = append(p.flow.codes, p.source(w))
}
