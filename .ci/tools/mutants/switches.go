package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Compiling and linking a package for each of its mutants takes longer than its tests.
// So most mutants are compiled only once, into one binary, each behind a switch:
//
//	a && b    becomes    ((a) != mutantOn(7) && (b) != mutantOn(7)) != mutantOn(7)
//
// Other mutants (of constants, shifts, a minus sign, and all that might not compile) are
// compiled one by one.

// A change identifies a mutant of a package: the file, the index of the token that was
// replaced, and the token that replaces it.
type change string

func newChange(file string, nth int, instead token.Token) change {
	return change(fmt.Sprintf("%s:%d:%s", file, nth, instead))
}

// instead maps operators to those that gremlins replaces them with.
var instead = map[token.Token][]token.Token{
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL},
	token.INC: {token.DEC}, token.DEC: {token.INC},
	token.ADD_ASSIGN: {token.SUB_ASSIGN, token.ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN, token.ASSIGN},
	token.MUL_ASSIGN: {token.QUO_ASSIGN, token.ASSIGN}, token.QUO_ASSIGN: {token.MUL_ASSIGN, token.ASSIGN},
	token.BREAK: {token.CONTINUE}, token.CONTINUE: {token.BREAK},
}

// names maps operators to the functions of switchesText that replace them.
var names = map[token.Token]string{
	token.LSS: "Less", token.LEQ: "AtMost", token.GTR: "Greater", token.GEQ: "AtLeast",
	token.ADD: "Sum", token.SUB: "Difference", token.MUL: "Product", token.QUO: "Quotient", token.REM: "Remainder",
}

// A board is a package with switches: the sources to compile instead of its own, and the
// number of each switch.
type board struct {
	sources  map[string][]byte // by file
	switches map[change]int    // from 1
}

// newBoard puts switches into the package in a folder.
func newBoard(dir string) (*board, error) {
	found, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedExportFile |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
		Dir: dir,
	}, ".")
	if err != nil {
		return nil, err
	}
	pkg := found[0]
	if len(found) != 1 || len(pkg.Errors) > 0 {
		return nil, fmt.Errorf("%s: %d packages, with %v", dir, len(found), pkg.Errors)
	}
	b := &board{sources: map[string][]byte{}, switches: map[change]int{}}
	for _, f := range pkg.Syntax {
		name := pkg.Fset.Position(f.Pos()).Filename
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		e := &editor{board: b, info: pkg.TypesInfo, file: pkg.Fset.File(f.Pos()), text: text, nth: map[int]int{}}
		for i, t := range tokens(text) {
			e.nth[t.offset] = i
		}
		ast.PreorderStack(f, nil, func(n ast.Node, above []ast.Node) bool {
			e.visit(n, above)
			return true
		})
		b.sources[name] = e.apply()
	}
	b.sources[filepath.Join(dir, "mutants_switches.go")] = []byte("package " + pkg.Name + strings.ReplaceAll(switchesText, "SIZE", fmt.Sprint(len(b.switches)+1)))
	return b, nil
}

// An editor puts switches into one file.
type editor struct {
	*board
	info  *types.Info
	file  *token.File
	text  []byte
	nth   map[int]int // the index of the token at an offset
	edits []edit
}

// An edit replaces width bytes at an offset.
type edit struct {
	at, width int
	after     bool // whether it belongs to a node that ends here, not to one that begins
	text      string
}

func (e *editor) before(p token.Pos, text string) {
	e.edits = append(e.edits, edit{at: e.file.Offset(p), text: text})
}

func (e *editor) after(p token.Pos, text string) {
	e.edits = append(e.edits, edit{at: e.file.Offset(p), after: true, text: text})
}

// apply returns the text with the edits. Outer nodes are visited before inner ones, so of
// edits at the same offset, those of inner nodes come later.
func (e *editor) apply() []byte {
	afters := slices.DeleteFunc(slices.Clone(e.edits), func(d edit) bool { return !d.after })
	slices.Reverse(afters)
	all := append(afters, slices.DeleteFunc(e.edits, func(d edit) bool { return d.after })...)
	slices.SortStableFunc(all, func(a, b edit) int { return a.at - b.at })
	var out []byte
	from := 0
	for _, d := range all {
		out = append(append(out, e.text[from:d.at]...), d.text...)
		from = d.at + d.width
	}
	return append(out, e.text[from:]...)
}

// number returns the number of a new switch, for a token and the one that replaces it.
func (e *editor) number(p token.Pos, instead token.Token) int {
	id := len(e.switches) + 1
	e.switches[newChange(filepath.Base(e.file.Name()), e.nth[e.file.Offset(p)], instead)] = id
	return id
}

func (e *editor) source(n ast.Node) string {
	return string(e.text[e.file.Offset(n.Pos()):e.file.Offset(n.End())])
}

func (e *editor) visit(n ast.Node, above []ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if t := e.info.Types[n]; t.Value == nil && t.Type != nil {
			e.binary(n)
		}
	case *ast.IncDecStmt:
		if e.numeric(n.X) && !has(n.X, func(n ast.Node) bool { _, call := n.(*ast.CallExpr); return call }) {
			sign := map[token.Token]string{token.INC: "+", token.DEC: "-"}[n.Tok]
			id := e.number(n.TokPos, instead[n.Tok][0])
			e.edits = append(e.edits, edit{at: e.file.Offset(n.TokPos), width: 2, text: fmt.Sprintf(" %s= mutantStep(%d, %s)", sign, id, e.source(n.X))})
		}
	case *ast.AssignStmt:
		if other := instead[n.Tok]; other != nil && e.numeric(n.Lhs[0]) && isListed(above) {
			e.before(n.Pos(), fmt.Sprintf("if mutantOn(%d) { %s %s %s } else if mutantOn(%d) { %s = %s } else { ",
				e.number(n.TokPos, other[0]), e.source(n.Lhs[0]), other[0], e.source(n.Rhs[0]),
				e.number(n.TokPos, other[1]), e.source(n.Lhs[0]), e.source(n.Rhs[0])))
			e.after(n.End(), " }")
		}
	case *ast.BranchStmt:
		if other := instead[n.Tok]; other != nil && isListed(above) && compiles(n, above) {
			label := ""
			if n.Label != nil {
				label = " " + n.Label.Name
			}
			e.before(n.Pos(), fmt.Sprintf("if mutantOn(%d) { %s%s }; ", e.number(n.TokPos, other[0]), other[0], label))
		}
	}
}

func (e *editor) binary(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LAND, token.LOR:
		// By De Morgan's law, the operator with both operands and the result inverted is the
		// other operator.
		invert := fmt.Sprintf(" != mutantOn(%d)", e.number(n.OpPos, instead[n.Op][0]))
		e.before(n.Pos(), "(((")
		e.after(n.X.End(), ")"+invert)
		e.before(n.Y.Pos(), "(")
		e.after(n.End(), ")"+invert+")"+invert+")")
	case token.EQL, token.NEQ:
		e.before(n.Pos(), "((")
		e.after(n.End(), fmt.Sprintf(") != mutantOn(%d))", e.number(n.OpPos, instead[n.Op][0])))
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
		ordered := len(instead[n.Op]) == 2
		zero := e.info.Types[n.Y].Value
		if has(n, isShift) || !ordered && !e.numeric(n) || n.Op == token.MUL && zero != nil && zero.ExactString() == "0" {
			return
		}
		ids := ""
		for _, other := range instead[n.Op] {
			ids += fmt.Sprint(e.number(n.OpPos, other), ", ")
		}
		e.before(n.Pos(), "mutant"+names[n.Op]+"("+ids)
		e.edits = append(e.edits, edit{at: e.file.Offset(n.OpPos), width: len(n.Op.String()), text: ","})
		e.after(n.End(), ")")
	}
}

// numeric reports whether the type of an expression is an integer or a float.
func (e *editor) numeric(x ast.Expr) bool {
	basic, ok := e.info.TypeOf(x).Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsInteger|types.IsFloat) != 0
}

func has(n ast.Node, what func(ast.Node) bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || n != nil && what(n)
		return !found
	})
	return found
}

func isShift(n ast.Node) bool {
	b, ok := n.(*ast.BinaryExpr)
	return ok && (b.Op == token.SHL || b.Op == token.SHR)
}

// isListed reports whether a node with these parents is a statement in a list, so that
// another statement may precede it.
func isListed(above []ast.Node) bool {
	switch above[len(above)-1].(type) {
	case *ast.BlockStmt, *ast.CaseClause:
		return true
	case *ast.CommClause:
		return false // it may be the communication itself
	}
	return false
}

// compiles reports whether a break may be a continue, or the other way round.
func compiles(n *ast.BranchStmt, above []ast.Node) bool {
	for i, a := range slices.Backward(above) {
		switch a := a.(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return false
		case *ast.ForStmt, *ast.RangeStmt:
			if n.Label != nil {
				l, ok := above[i-1].(*ast.LabeledStmt)
				if !ok || l.Label.Name != n.Label.Name {
					continue
				}
			}
			// An endless loop may be the last statement of a function. With a break,
			// a return would be missing after it.
			f, ok := a.(*ast.ForStmt)
			return n.Tok == token.BREAK || !ok || f.Cond != nil
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			if n.Tok == token.CONTINUE && n.Label == nil {
				return true // the break leaves this statement, not the loop
			}
		}
	}
	return false
}

// A place is a token in a file.
type place struct {
	offset int
	token  token.Token
}

// tokens returns the tokens of a file, without comments and parentheses. Gremlins prints
// additional parentheses where the new operator needs them.
func tokens(text []byte) []place {
	file := token.NewFileSet().AddFile("", -1, len(text))
	var scan scanner.Scanner
	scan.Init(file, text, nil, 0)
	var all []place
	for pos, tok, _ := scan.Scan(); tok != token.EOF; pos, tok, _ = scan.Scan() {
		if tok != token.LPAREN && tok != token.RPAREN {
			all = append(all, place{file.Offset(pos), tok})
		}
	}
	return all
}

// changeBetween returns the change between two texts of a file, which may be formatted
// differently.
func changeBetween(name string, before, after []byte) (change, error) {
	old, now := tokens(before), tokens(after)
	if len(old) != len(now) {
		return "", errors.New(name + " has more or fewer tokens")
	}
	for i := range old {
		if old[i].token != now[i].token {
			return newChange(name, i, now[i].token), nil
		}
	}
	return "", errors.New(name + " is unchanged")
}
