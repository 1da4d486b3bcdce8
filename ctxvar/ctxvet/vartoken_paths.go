package ctxvet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// checkPaths reports the call at c if the token that it returns is assigned to a local
// variable, and there is a path from there to the function's end, or to another
// assignment of the variable, on which the token is not used.
func (t *tokens) checkPaths(c inspector.Cursor, call *ast.CallExpr) {
	v := t.tokenVar(c, call)
	if v == nil || t.flow().opaque[v] || t.flow().params[v] {
		return
	}
	fn := within(c)
	if !fn.Valid() || v.Pos() < fn.Node().Pos() || fn.Node().End() <= v.Pos() {
		return // a variable of another function, or of the package
	}
	stmt := c.Parent().Node()
	for id := range fn.Preorder((*ast.Ident)(nil)) {
		if lit := within(id); t.pass.TypesInfo.Uses[id.Node().(*ast.Ident)] == v && lit != fn && lit.Node().Pos() < stmt.Pos() {
			return // a closure, perhaps a deferred one, already uses it
		}
	}

	p := path{info: t.pass.TypesInfo, v: v, from: stmt, seen: map[*cfg.Block]bool{}}
	if n, ok := fn.Node().(*ast.FuncDecl); ok && n.Name.Name == "main" && n.Recv == nil && t.pass.Pkg.Name() == "main" {
		return // the program ends with it
	}
	g := cfgOf(t.pass, fn)
	for r := range signature(t.pass.TypesInfo, fn).Results().Variables() {
		p.isResult = p.isResult || r == v
	}
	for _, b := range g.Blocks {
		for i, n := range b.Nodes {
			if n == stmt && b.Live {
				if lost := p.search(b, b.Nodes[i+1:]); lost.IsValid() {
					t.pass.ReportRangef(call, "the token is neither reset nor kept on a path to line %d: "+
						"defer the Reset", t.pass.Fset.Position(lost).Line)
				}
				return
			}
		}
	}
}

// tokenVar returns the variable that the token of the call at c goes into, or
// nil.
func (t *tokens) tokenVar(c inspector.Cursor, call *ast.CallExpr) *types.Var {
	var names []ast.Expr
	switch stmt := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		if c.ParentEdgeKind() == edge.AssignStmt_Rhs {
			names = stmt.Lhs
		}
	case *ast.ValueSpec:
		if c.ParentEdgeKind() == edge.ValueSpec_Values {
			for _, id := range stmt.Names {
				names = append(names, id)
			}
		}
	}
	index := c.ParentEdgeIndex()
	results, ok := t.pass.TypesInfo.TypeOf(call).(*types.Tuple)
	if ok {
		index = -1
		for i := range results.Len() {
			if isCtxvar(results.At(i).Type(), "Token") {
				index = i
			}
		}
	} else if !isCtxvar(t.pass.TypesInfo.TypeOf(call), "Token") {
		return nil
	}
	if index < 0 || index >= len(names) {
		return nil
	}
	id, ok := names[index].(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := t.pass.TypesInfo.ObjectOf(id).(*types.Var)
	return v
}

// A path is a search for the loss of the value that the statement from assigns to v.
type path struct {
	info     *types.Info
	v        *types.Var
	isResult bool // v is a named result
	from     ast.Node
	seen     map[*cfg.Block]bool
}

// search follows the nodes, which are the last ones of b, and then the blocks after b. It
// returns the position at which the value is lost, or no position.
func (p *path) search(b *cfg.Block, nodes []ast.Node) token.Pos {
	for _, n := range nodes {
		switch {
		case p.uses(n):
			return token.NoPos
		case n == p.from || p.assigns(n):
			return n.Pos()
		}
	}
	if ret := b.Return(); ret != nil {
		return ret.Pos()
	}
	for _, next := range b.Succs {
		if p.seen[next] {
			continue
		}
		p.seen[next] = true
		if lost := p.search(next, next.Nodes); lost.IsValid() {
			return lost
		}
	}
	return token.NoPos
}

// uses reports whether v is read in n, other than by _ = v.
func (p *path) uses(n ast.Node) bool {
	if assign, ok := n.(*ast.AssignStmt); ok {
		for i, rhs := range assign.Rhs {
			if !(len(assign.Lhs) == len(assign.Rhs) && isBlank(assign.Lhs[i]) && p.isV(rhs)) && p.reads(rhs) {
				return true
			}
		}
		for _, lhs := range assign.Lhs {
			if !p.isV(lhs) && p.reads(lhs) {
				return true
			}
		}
		return false
	}
	return p.reads(n)
}

func (p *path) reads(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			found = found || p.info.Uses[n] == p.v
		case *ast.ReturnStmt:
			found = found || n.Results == nil && p.isResult
		}
		return !found
	})
	return found
}

// assigns reports whether n assigns another value to v.
func (p *path) assigns(n ast.Node) bool {
	assign, ok := n.(*ast.AssignStmt)
	if !ok {
		return false
	}
	for _, lhs := range assign.Lhs {
		if p.isV(lhs) {
			return true
		}
	}
	return false
}

func (p *path) isV(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && p.info.ObjectOf(id) == p.v
}
