package ctxvet

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// called looks into the functions of a package that its code calls: declared
// functions, methods, and literals in local variables. It finds the code that a
// call surely comes to.
type called struct {
	pass *analysis.Pass
	// does reports whether the call at c does what is searched for with o.
	does func(c inspector.Cursor, o operand) bool
	// runsHere reports whether the literal at c is run in place, as far as the
	// search is concerned.
	runsHere func(lit inspector.Cursor) bool

	known *flow
	decls map[*types.Func]inspector.Cursor
}

func (k *called) root() inspector.Cursor {
	return k.pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
}

// flow returns the package's flow, which is not made before it is needed.
func (k *called) flow() *flow {
	if k.known == nil {
		k.known = newFlow(k.pass)
	}
	return k.known
}

// operandOf is [operandOf] of e, also under a local name.
func (k *called) operandOf(e ast.Expr) operand {
	o := operandOf(k.pass.TypesInfo, e)
	if o == nil {
		return nil
	}
	if _, isPointer := o[0].Type().Underlying().(*types.Pointer); isPointer || len(o) == 1 {
		o[0] = k.flow().origin(k.pass.TypesInfo, o[0].(*types.Var))
	}
	return o
}

// receiverOf returns what the method of sel is called on.
func (k *called) receiverOf(sel *ast.SelectorExpr) operand {
	return embedded(k.operandOf(sel.X), k.pass.TypesInfo.Selections[sel])
}

// bodyOf returns the function of the package that e certainly is, if its body
// is known.
func (k *called) bodyOf(e ast.Expr) (fn inspector.Cursor, ok bool) {
	var obj types.Object
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return k.root().FindNode(e)
	case *ast.Ident:
		obj = k.pass.TypesInfo.Uses[e]
	case *ast.SelectorExpr:
		obj = k.pass.TypesInfo.Uses[e.Sel]
	case *ast.IndexExpr:
		return k.bodyOf(e.X)
	}
	switch obj := obj.(type) {
	case *types.Func:
		fn, ok = k.declared()[obj.Origin()]
	case *types.Var:
		sources, known := k.flow().of(obj)
		var lit *ast.FuncLit
		for _, src := range sources {
			if src.expr == nil {
				continue // var f func(), so that f can call itself
			}
			next, isLit := ast.Unparen(src.expr).(*ast.FuncLit)
			if !isLit || lit != nil {
				return fn, false
			}
			lit = next
		}
		if known && lit != nil {
			return k.root().FindNode(lit)
		}
	}
	return fn, ok
}

// declared returns the functions that the package declares with a body.
func (k *called) declared() map[*types.Func]inspector.Cursor {
	if k.decls == nil {
		k.decls = make(map[*types.Func]inspector.Cursor)
		for c := range k.root().Preorder((*ast.FuncDecl)(nil)) {
			decl := c.Node().(*ast.FuncDecl)
			if fn, ok := k.pass.TypesInfo.Defs[decl.Name].(*types.Func); ok && decl.Body != nil {
				k.decls[fn] = c
			}
		}
	}
	return k.decls
}

// reachedBy returns the call that the call at c surely comes to, in a function
// of the package, and that does something with o. It returns nil if there is
// none.
func (k *called) reachedBy(c inspector.Cursor, o operand) ast.Node {
	if c.ParentEdgeKind() == edge.GoStmt_Call {
		return nil
	}
	return k.reached(c, o, make(map[visit]bool))
}

// reachedIn is reachedBy for a call of f without arguments.
func (k *called) reachedIn(f ast.Expr, o operand) ast.Node {
	return k.follow(f, nil, o, make(map[visit]bool))
}

// A visit is the search of one function for what it does with one operand,
// which happens only once.
type visit struct {
	fn   ast.Node
	root types.Object
	path string
}

func (k *called) reached(c inspector.Cursor, o operand, seen map[visit]bool) ast.Node {
	call := c.Node().(*ast.CallExpr)
	return k.follow(call.Fun, call.Args, o, seen)
}

// follow searches the function f, called with args, unless f is a literal, which
// is part of the code around it.
func (k *called) follow(f ast.Expr, args []ast.Expr, o operand, seen map[visit]bool) ast.Node {
	if _, isLit := ast.Unparen(f).(*ast.FuncLit); isLit {
		return nil
	}
	fn, ok := k.bodyOf(f)
	if !ok {
		return nil
	}
	for _, name := range k.inside(fn, f, args, o) {
		if found := k.search(fn, name, seen); found != nil {
			return found
		}
	}
	return nil
}

// inside returns what o is called within fn, if f, which is fn, is called with
// args: o itself, if fn can see it, and what the parameters have of it.
func (k *called) inside(fn inspector.Cursor, f ast.Expr, args []ast.Expr, o operand) (names []operand) {
	if _, isLit := fn.Node().(*ast.FuncLit); isLit || o[0].Parent() == o[0].Pkg().Scope() {
		names = append(names, o)
	}
	add := func(param types.Object, of operand) {
		if len(of) > 0 && len(of) <= len(o) && slices.Equal(o[:len(of)], of) {
			names = append(names, append(operand{param}, o[len(of):]...))
		}
	}
	sig := signature(k.pass.TypesInfo, fn)
	for i, arg := range args {
		if i < sig.Params().Len() && !(sig.Variadic() && i >= sig.Params().Len()-1) {
			add(sig.Params().At(i), k.operandOf(arg))
		}
	}
	if sel, ok := ast.Unparen(f).(*ast.SelectorExpr); ok && sig.Recv() != nil {
		add(sig.Recv(), k.receiverOf(sel))
	}
	return names
}

// search returns the call that fn surely comes to and that does something with
// o.
func (k *called) search(fn inspector.Cursor, o operand, seen map[visit]bool) ast.Node {
	now := visit{fn.Node(), o[0], o.String()}
	if seen[now] || o.changes(k.pass.TypesInfo, fn) {
		return nil
	}
	seen[now] = true
	for c := range fn.Preorder((*ast.CallExpr)(nil)) {
		var found ast.Node
		if k.does(c, o) {
			found = c.Node()
		} else {
			found = k.reached(c, o, seen)
		}
		if found != nil && c.ParentEdgeKind() != edge.GoStmt_Call && k.comesTo(fn, c) {
			return found
		}
	}
	return nil
}

// comesTo reports whether fn surely comes to the code at c, in its own body or in
// literals that it runs in place.
func (k *called) comesTo(fn, c inspector.Cursor) bool {
	f := within(c)
	for f != fn {
		if !surely(k.pass, f, c.Node()) || !k.runsHere(f) {
			return false
		}
		c, f = f, within(f.Parent())
	}
	return surely(k.pass, fn, c.Node())
}

// surely reports whether the function at fn comes to its node n, unless it
// panics, an error stops it, or it has nothing to loop over.
func surely(pass *analysis.Pass, fn inspector.Cursor, n ast.Node) bool {
	g := cfgOf(pass, fn)
	if g == nil {
		return false
	}
	seen := make(map[*cfg.Block]bool)
	var avoids func(b *cfg.Block) bool
	avoids = func(b *cfg.Block) bool {
		if seen[b] {
			return isHead(b, n) // a round of the loop without n
		}
		if stopped(pass.TypesInfo, b) {
			return false
		}
		seen[b] = true
		for _, node := range b.Nodes {
			if contains(node, n) {
				return false
			}
		}
		if b.Return() != nil {
			return true
		}
		for _, next := range b.Succs {
			ends := isHead(b, n) && (next.Kind == cfg.KindForDone || next.Kind == cfg.KindRangeDone)
			if !ends && avoids(next) {
				return true
			}
		}
		return false
	}
	return !avoids(g.Blocks[0])
}

// isHead reports whether b is where a loop with n in its body begins a round or
// ends.
func isHead(b *cfg.Block, n ast.Node) bool {
	return (b.Kind == cfg.KindForLoop || b.Kind == cfg.KindRangeLoop) && contains(b.Stmt, n)
}

// stopped reports whether b is run because of an error: if err != nil { b }.
func stopped(info *types.Info, b *cfg.Block) bool {
	branch, ok := b.Stmt.(*ast.IfStmt)
	if !ok || b.Kind != cfg.KindIfThen {
		return false
	}
	cond, ok := ast.Unparen(branch.Cond).(*ast.BinaryExpr)
	return ok && cond.Op == token.NEQ && info.Types[cond.Y].IsNil() &&
		types.Identical(info.TypeOf(cond.X), types.Universe.Lookup("error").Type())
}
