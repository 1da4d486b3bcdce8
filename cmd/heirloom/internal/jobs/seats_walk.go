package jobs

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A program is the text of a program, with its places. Method walk visits every kind of
// position in which a value is data; a place that walk does not reach is refused.
type program struct {
	*reading
	text     string
	language syntax.LangVariant
	err      error
}

func (p *program) source(n syntax.Node) string {
	return p.text[n.Pos().Offset():n.End().Offset()]
}

// refuse records that the places in n, if there are any, cannot be filled.
func (p *program) refuse(n syntax.Node, why string) {
	found, _ := p.marks(p.source(n))
	for _, i := range found {
		if !p.places[i].counted() && p.err == nil {
			p.err = &refusal{i, why}
		}
	}
}

// close refuses the places in n, which is not walked otherwise, and walks the commands in
// it: values may come into these by way of variables.
func (p *program) close(n syntax.Node, why string) {
	p.refuse(n, why)
	syntax.Walk(n, func(inner syntax.Node) bool {
		var commands []*syntax.Stmt
		switch inner := inner.(type) {
		case *syntax.CmdSubst:
			commands = inner.Stmts
		case *syntax.ProcSubst:
			commands = inner.Stmts
		default:
			return true
		}
		for _, s := range commands {
			p.walk(s)
		}
		return false
	})
}

// unparsed takes all of n for code if the beginning of a command is in it, of a kind that
// the parser leaves as text there.
func (p *program) unparsed(n syntax.Node, begins ...string) {
	text := p.source(n)
	if slices.ContainsFunc(begins, func(s string) bool { return strings.Contains(text, s) }) {
		p.flow.codes = append(p.flow.codes, text)
	}
}

// seat adds a layer to the places between the two offsets.
func (p *program) seat(from, to int, q quoting, tight bool) {
	found, at := p.marks(p.text[from:to])
	for i, n := range found {
		start, end := from+at[i][0], from+at[i][1]
		escapes := 0
		for q != single && start-escapes > from && p.text[start-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 1 && p.err == nil && !p.places[n].counted() {
			p.err = &refusal{n, "a backslash before it would undo its quotes"}
		}
		p.seen[n] = true
		p.seats[n].layers = append(p.seats[n].layers, layer{q, tight || q == bare && p.tight(start, end)})
	}
}

// tight reports whether the text around a place could make it something other than text:
// 2 in "{}>file" is a descriptor.
func (p *program) tight(start, end int) bool {
	if start > 0 && !strings.ContainsRune(plain+"\n;&|()<>{}\"'", rune(p.text[start-1])) {
		return true
	}
	if start > 0 && p.language == syntax.LangZsh && p.text[start-1] == ':' {
		return true // $name:h
	}
	rest := strings.TrimLeft(p.text[end:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_{}")
	return rest != "" && strings.IndexByte("<>([=", rest[0]) >= 0
}

// numerals allows only numbers in an expression, except within the commands in it.
func (p *program) numerals(n syntax.Node) {
	commands := map[int]bool{} // the places in them
	syntax.Walk(n, func(inner syntax.Node) bool {
		c, ok := inner.(*syntax.CmdSubst)
		if ok {
			found, _ := p.marks(p.source(c))
			for _, i := range found {
				commands[i] = true
			}
			p.expansion(c)
		}
		return !ok
	})
	found, _ := p.marks(p.source(n))
	for _, i := range found {
		if !commands[i] {
			p.raw(i, onlyNumber)
		}
	}
}

// numbers limits the values in an argument that is a program.
func (p *program) numbers(w *syntax.Word, l limit) {
	found, _ := p.marks(p.source(w))
	for _, i := range found {
		p.raw(i, l)
	}
}

// otherCode does what numbers does for an argument that is code for another program, and
// for the variables in it.
func (p *program) otherCode(w *syntax.Word, l limit) {
	p.numbers(w, l)
	p.limitVariables(w, l)
}

func (p *program) raw(i int, l limit) {
	p.seen[i] = true
	p.seats[i].layers = append(p.seats[i].layers, layer{quoting: raw})
	p.seats[i].restrict(l)
}

const (
	inParameter = "it is within ${…} or behind a $, where quotes mean something else"
	inName      = "a value cannot be a part of a name"
	inHeredoc   = "it is in a here-document, which a value could end; write printf '%s\\n' {} |"
	inBackquote = "it is within `…`, where quotes mean something else; write $(…)"
)

func (p *program) walk(root syntax.Node) {
	syntax.Walk(root, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			p.call(n)
			return false
		case *syntax.Word:
			p.word(n, true)
			return false
		case *syntax.Assign:
			p.assign(n)
			return false
		case *syntax.DeclClause:
			p.declare(n)
			return false
		case *syntax.Redirect:
			if n.Hdoc != nil {
				p.close(n.Hdoc, inHeredoc)
				p.refuse(n.Word, inHeredoc)
			}
			if n.Op == syntax.DplOut {
				// Bash expands a word that is not a descriptor once more.
				p.otherCode(n.Word, onlyDescriptor)
			}
			p.word(n.Word, false)
			p.single(n.Word) // the others would be arguments, or the command
			return false     // N is a name
		case *syntax.ArithmCmd, *syntax.CStyleLoop, *syntax.LetClause:
			p.numerals(n)
			return false
		case *syntax.BinaryTest:
			if n.Op >= syntax.TsEql && n.Op <= syntax.TsGtr {
				p.numerals(n)
				return false
			}
		case *syntax.UnaryTest:
			if n.Op == syntax.TsFdTerm && p.arithmetic() {
				p.numerals(n)
				return false
			}
			if n.Op == syntax.TsVarSet || n.Op == syntax.TsRefVar {
				p.close(n, inName)
				return false
			}
		}
		return p.err == nil
	})
}

// word seats the places in w. If tight is true, values are quoted even if they have no
// character that requires it.
func (p *program) word(w *syntax.Word, tight bool) {
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			if p.language == syntax.LangZsh && strings.Contains(part.Value, "(") {
				p.refuse(w, "it may be within the (…) of a pattern, which can hold code")
				p.runs(w)
			}
			p.seat(int(part.Pos().Offset()), int(part.End().Offset()), bare, tight)
			if found, _ := p.marks(part.Value); len(found) > 0 && p.source(w) != p.mark(found[0]) {
				p.single(w) // it would be divided: X=a b
			}
		case *syntax.SglQuoted:
			// A shell without $'…' may get it, as busybox and POSIX did.
			if at := int(part.Pos().Offset()); part.Dollar || at > 0 && p.text[at-1] == '$' {
				p.refuse(part, "it is within $'…'; write it outside of that")
				continue
			}
			p.seat(int(part.Pos().Offset()), int(part.End().Offset()), single, false)
		case *syntax.DblQuoted:
			if part.Dollar {
				p.close(part, `it is within $"…"; write it outside of that`)
				continue
			}
			for _, inner := range part.Parts {
				if lit, ok := inner.(*syntax.Lit); ok {
					p.seat(int(lit.Pos().Offset()), int(lit.End().Offset()), double, false)
				} else {
					p.expansion(inner)
				}
			}
		default:
			p.expansion(part)
		}
	}
}

// single allows at most one value in each unquoted place of w.
func (p *program) single(w *syntax.Word) {
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			found, _ := p.marks(lit.Value)
			for _, i := range found {
				p.seats[i].single = true
			}
		}
	}
}

// expansion seats the places in a part of a word that the shell expands.
func (p *program) expansion(part syntax.WordPart) {
	switch part := part.(type) {
	case *syntax.CmdSubst:
		if part.Backquotes {
			p.close(part, inBackquote)
			return
		}
		for _, s := range part.Stmts {
			p.walk(s)
		}
	case *syntax.ProcSubst:
		for _, s := range part.Stmts {
			p.walk(s)
		}
	case *syntax.ArithmExp:
		p.numerals(part)
	case *syntax.ParamExp:
		p.close(part, inParameter)
		p.unparsed(part, "<(", ">(")
	default:
		p.close(part, "it is within a pattern")
		p.unparsed(part, "<(", ">(", "$(", "`")
	}
}

func (p *program) assign(a *syntax.Assign) {
	if a.Name != nil {
		p.refuse(a.Name, inName)
	}
	if a.Index != nil {
		p.close(a.Index, "it is in the index of an array")
	}
	if a.Value != nil {
		p.word(a.Value, false)
		p.single(a.Value) // x=a b runs b
	}
	if a.Array == nil {
		return
	}
	for _, e := range a.Array.Elems {
		if e.Index != nil {
			p.close(e.Index, "it is in the index of an array")
		}
		if e.Value != nil {
			p.word(e.Value, true)
		}
	}
}

// declare seats the places in export name=value and similar declarations. With a flag such
// as -i, the value may be an expression. An argument that is not an assignment is a name.
func (p *program) declare(d *syntax.DeclClause) {
	for _, a := range d.Args {
		if a.Naked {
			p.refuse(a, inName)
			if a.Value != nil && strings.HasPrefix(p.source(a), "-") && p.source(a) != "-r" && p.source(a) != "-x" {
				p.refuse(d, "what "+d.Variant.Value+" "+p.source(a)+" is given may be code")
			}
			continue
		}
		p.assign(a)
	}
}
