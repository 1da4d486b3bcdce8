package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// A resetting is a call that resets what a local variable holds.
type resetting struct {
	call inspector.Cursor
	fn   inspector.Cursor // the function that reaches it
	stmt ast.Node         // the statement of fn, which may be a defer
}

// checkTwice reports the second of two resets of one token, if both certainly happen: it
// panics.
func (t *tokens) checkTwice(resets map[*types.Var][]resetting) {
	for v, list := range resets {
		for i, second := range list {
			for _, first := range list[:i] {
				if first.fn == second.fn && first.stmt != second.stmt && t.isAfter(v, second, first) {
					t.pass.ReportRangef(second.call.Node(), "the token is reset twice, which panics: the other reset is in line %d",
						t.pass.Fset.Position(first.call.Node().Pos()).Line)
					break
				}
			}
		}
	}
}

// isAfter reports whether every path to a reset of v goes through another one.
func (t *tokens) isAfter(v *types.Var, reset, by resetting) bool {
	begin, ok := t.beginOf(v, reset.fn)
	g := cfgOf(t.pass, reset.fn)
	return ok && g != nil && !reaches(g, begin, reset.stmt, by.stmt)
}

// resetOf returns the local variable whose token the call at c certainly resets when a
// function reaches a statement or, if that is a defer, when the function returns. It
// returns nil if there is none.
func (t *tokens) resetOf(c inspector.Cursor) (*types.Var, resetting) {
	v := t.resetVar(c)
	if v == nil {
		return nil, resetting{}
	}
	v = t.flow().origin(t.pass.TypesInfo, v)
	switch stmt := c.Parent(); stmt.Node().(type) {
	case *ast.DeferStmt:
		return v, resetting{c, within(c), stmt.Node()}
	case *ast.ExprStmt:
		if deferred := deferOf(stmt); deferred.Valid() {
			return v, resetting{c, within(deferred), deferred.Node()}
		}
		return v, resetting{c, within(c), stmt.Node()}
	}
	return nil, resetting{}
}

// resetVar returns the variable whose token the call at c resets, or the one that
// holds the token's Reset: undo, after undo := v.Set(x).Reset.
func (t *tokens) resetVar(c inspector.Cursor) *types.Var {
	call, ok := c.Node().(*ast.CallExpr)
	if !ok {
		return nil
	}
	variable := func(e ast.Expr) *types.Var {
		id, ok := ast.Unparen(e).(*ast.Ident)
		if !ok {
			return nil
		}
		v, _ := t.pass.TypesInfo.Uses[id].(*types.Var)
		return v
	}
	if tok := t.resetAt(c); tok != nil {
		return variable(tok)
	}
	undo := variable(call.Fun)
	if undo == nil || len(call.Args) > 0 || !t.pass.ResultOf[uses].(use).vars {
		return nil
	}
	sources, ok := t.flow().of(undo)
	if !ok || len(sources) != 1 || sources[0].expr == nil {
		return nil
	}
	reset, ok := ast.Unparen(sources[0].expr).(*ast.SelectorExpr)
	if !ok || funcName(t.pass.TypesInfo.Uses[reset.Sel]) != (name{ctxvarPath, "Token", "Reset"}) {
		return nil
	}
	if tok := variable(reset.X); tok != nil && t.flow().constant(tok) {
		return tok
	}
	return undo
}

// deferOf returns the defer of a literal whose body has the statement at c, not
// below another one: func() { c }().
func deferOf(c inspector.Cursor) inspector.Cursor {
	if c.ParentEdgeKind() != edge.BlockStmt_List || c.Parent().ParentEdgeKind() != edge.FuncLit_Body {
		return inspector.Cursor{}
	}
	call, kind := callAround(c.Parent().Parent())
	if kind != edge.CallExpr_Fun || call.ParentEdgeKind() != edge.DeferStmt_Call {
		return inspector.Cursor{}
	}
	return call.Parent()
}

// beginOf returns the statement that gives v, a local variable of fn, its only
// value: nil for a parameter.
func (t *tokens) beginOf(v *types.Var, fn inspector.Cursor) (ast.Node, bool) {
	if v.Pos() < fn.Node().Pos() || fn.Node().End() <= v.Pos() {
		return nil, false // a variable of another function
	}
	if t.flow().ofParam(v) {
		// It is a variable of fn: one of a literal in fn is not in scope where fn resets it.
		return nil, true
	}
	sources, ok := t.flow().of(v)
	if !ok || len(sources) != 1 || sources[0].expr == nil || within(sources[0].at) != fn {
		return nil, false
	}
	return sources[0].at.Node(), true
}

// reaches reports whether there is a path from a node of g, or from its entry if that is
// nil, to another node that does not go through a third one.
func reaches(g *cfg.CFG, from, to, by ast.Node) bool {
	seen := make(map[*cfg.Block]bool)
	var walk func(b *cfg.Block, nodes []ast.Node) bool
	walk = func(b *cfg.Block, nodes []ast.Node) bool {
		for _, n := range nodes {
			switch n {
			case to:
				return true
			case by:
				return false
			}
		}
		for _, next := range b.Succs {
			if !seen[next] {
				seen[next] = true
				if walk(next, next.Nodes) {
					return true
				}
			}
		}
		return false
	}
	if from == nil {
		return walk(g.Blocks[0], g.Blocks[0].Nodes)
	}
	for _, b := range g.Blocks {
		for i, n := range b.Nodes {
			if n == from || contains(n, from) {
				return walk(b, b.Nodes[i+1:])
			}
		}
	}
	return true // the graph has it in another form, so nothing is certain
}

func contains(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}

// declares is a fact about a variable at package level: it holds the context
// variable that is made for it, and no other variable holds the same.
type declares struct{}

func (*declares) AFact()         {}
func (*declares) String() string { return "declares a variable" }

// learnDeclared finds the variables of the package that declare a context variable, and
// exports facts about them.
func (t *tokens) learnDeclared() {
	scope := t.pass.Pkg.Scope()
	for _, n := range scope.Names() {
		v, ok := scope.Lookup(n).(*types.Var)
		if !ok || !isCtxvar(v.Type(), "Var") || t.flow().opaque[v] || len(t.flow().sources[v]) != 1 {
			continue
		}
		call, ok := t.flow().sources[v][0].expr.(*ast.CallExpr)
		if ok && calleeName(t.pass.TypesInfo, call) == (name{pkg: ctxvarPath, name: "New"}) {
			t.declares[v] = true
			if v.Exported() {
				t.pass.ExportObjectFact(v, new(declares))
			}
		}
	}
}

// declared returns the variable at package level that e certainly is, or nil.
func (t *tokens) declared(e ast.Expr) types.Object {
	o := operandOf(t.pass.TypesInfo, e)
	if len(o) != 1 {
		return nil
	}
	if t.declares[o[0]] || t.pass.ImportObjectFact(o[0], new(declares)) {
		return o[0]
	}
	if sources, ok := t.flow().of(o[0].(*types.Var)); ok && len(sources) == 1 && sources[0].expr != nil {
		return t.declared(sources[0].expr) // a local name for it
	}
	return nil
}

// checkOther reports v.Reset(tok) at c if tok is certainly of another variable.
func (t *tokens) checkOther(c inspector.Cursor, tok ast.Expr) {
	call, ok := c.Node().(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return
	}
	resets := t.declared(sel.X)
	sets := t.setVar(tok)
	if resets != nil && sets != nil && resets != sets {
		t.pass.Report(analysis.Diagnostic{
			Pos: call.Pos(), End: call.End(),
			Message: "the token is of " + sets.Name() + " and not of " + resets.Name() + ", which panics: " +
				"use the token's own Reset",
			SuggestedFixes: []analysis.SuggestedFix{{
				Message: "Reset the variable that the token is of",
				TextEdits: []analysis.TextEdit{
					{Pos: call.Pos(), End: call.Args[0].Pos()},
					{Pos: call.Args[0].End(), End: call.End(), NewText: []byte(".Reset()")},
				},
			}},
		})
	}
}

// setVar returns the variable at package level whose Set certainly made tok, or nil.
func (t *tokens) setVar(tok ast.Expr) types.Object {
	switch e := ast.Unparen(tok).(type) {
	case *ast.CallExpr:
		if calleeName(t.pass.TypesInfo, e) != (name{ctxvarPath, "Var", "Set"}) {
			return nil
		}
		if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
			return t.declared(sel.X)
		}
	case *ast.Ident:
		v, _ := t.pass.TypesInfo.Uses[e].(*types.Var)
		sources, ok := t.flow().of(v)
		if !ok {
			return nil
		}
		var set types.Object
		for _, src := range sources {
			if src.expr == nil {
				continue // var t *ctxvar.Token[int]
			}
			if _, isIdent := ast.Unparen(src.expr).(*ast.Ident); isIdent {
				return nil // one step is enough, and ends
			}
			now := t.setVar(src.expr)
			if now == nil || set != nil && now != set {
				return nil
			}
			set = now
		}
		return set
	}
	return nil
}
