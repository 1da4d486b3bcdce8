package ctxvet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// called determines what code certainly reaches in the functions that it calls:
// those of the package, declared or in local variables, and those of other
// packages, through facts.
type called struct {
	pass *analysis.Pass
	// does returns the operand with which the call at c does what the search is
	// for, or nil.
	does func(c inspector.Cursor) operand
	// runsHere reports whether the literal at c is run in place, as far as the
	// search is concerned.
	runsHere func(lit inspector.Cursor) bool
	// newFact returns the fact for functions that certainly do it.
	newFact func() reachFact

	known *flow
	decls map[*types.Func]inspector.Cursor
	found map[ast.Node][]reach // by function
}

// A reach is something that a function certainly reaches: what the search is for, done
// with o, which is named in the function's terms.
type reach struct {
	o  operand
	at string // file:line
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

// operandOf returns what [operandOf] returns for e, also if e is a local name for it.
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

// receiverOf returns the operand on which the method of sel is called.
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
				continue // var f func(), for a function that calls itself
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

// reachedBy returns the place, in a function that the call at c calls, which the call
// certainly reaches and where something is done with o. It returns "" if there is
// none.
func (k *called) reachedBy(c inspector.Cursor, o operand) (at string) {
	if c.ParentEdgeKind() == edge.GoStmt_Call {
		return ""
	}
	call := c.Node().(*ast.CallExpr)
	return first(k.reachedFrom(call.Fun, call.Args), o)
}

// reachedIn does what reachedBy does for a call of f without arguments.
func (k *called) reachedIn(f ast.Expr, o operand) (at string) {
	return first(k.reachedFrom(f, nil), o)
}

func first(list []reach, o operand) (at string) {
	for _, r := range list {
		if slices.Equal(r.o, o) {
			return r.at
		}
	}
	return ""
}

// reachedFrom returns what a call of f with args reaches, unless f is a literal, which
// is part of the code around it.
func (k *called) reachedFrom(f ast.Expr, args []ast.Expr) (list []reach) {
	if _, isLit := ast.Unparen(f).(*ast.FuncLit); isLit {
		return nil
	}
	if fn, ok := k.bodyOf(f); ok {
		_, isLit := fn.Node().(*ast.FuncLit)
		return k.translate(k.reaches(fn), signature(k.pass.TypesInfo, fn), isLit, f, args)
	}
	if fn := k.elsewhere(f); fn != nil {
		return k.translate(k.imported(fn), fn.Signature(), false, f, args)
	}
	return nil
}

// reaches returns what the function at fn certainly reaches.
func (k *called) reaches(fn inspector.Cursor) (list []reach) {
	if list, known := k.found[fn.Node()]; known {
		return list
	}
	if k.found == nil {
		k.found = make(map[ast.Node][]reach)
	}
	k.found[fn.Node()] = nil // it may call itself
	for c := range fn.Preorder((*ast.CallExpr)(nil)) {
		if c.ParentEdgeKind() == edge.GoStmt_Call {
			continue
		}
		call := c.Node().(*ast.CallExpr)
		var found []reach
		if o := k.does(c); o != nil {
			found = []reach{{o, k.position(call)}}
		} else {
			found = k.reachedFrom(call.Fun, call.Args)
		}
		if len(found) == 0 || !k.comesTo(fn, c) {
			continue
		}
		for _, r := range found {
			if !r.o.changes(k.pass.TypesInfo, fn) {
				list = append(list, r)
			}
		}
	}
	k.found[fn.Node()] = list
	return list
}

func (k *called) position(n ast.Node) string {
	at := k.pass.Fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line)
}

// translate translates list from the terms of a function with the signature sig to the
// terms of a call of it, as f with args. It leaves out what the caller has no name for.
// A literal sees the variables around it.
func (k *called) translate(list []reach, sig *types.Signature, isLit bool, f ast.Expr, args []ast.Expr) (here []reach) {
	for _, r := range list {
		root := r.o[0]
		var o operand
		switch sel, ok := ast.Unparen(f).(*ast.SelectorExpr); {
		case root == sig.Recv():
			if ok {
				o = k.receiverOf(sel)
			}
		case isLit || root.Parent() == root.Pkg().Scope():
			o = operand{root}
		}
		for i := range min(len(args), sig.Params().Len()) {
			if sig.Params().At(i) == root && !(sig.Variadic() && i == sig.Params().Len()-1) {
				o = k.operandOf(args[i])
			}
		}
		if o != nil {
			here = append(here, reach{append(o[:len(o):len(o)], r.o[1:]...), r.at})
		}
	}
	return here
}

// comesTo reports whether fn certainly reaches the code at c, in its own body or in
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

// surely reports whether the function at fn reaches its node n, unless it panics, an
// error stops it, or a loop has nothing to range over.
func surely(pass *analysis.Pass, fn inspector.Cursor, n ast.Node) bool {
	g := cfgOf(pass, fn)
	if g == nil {
		return false
	}
	seen := make(map[*cfg.Block]bool)
	var avoids func(b *cfg.Block) bool
	avoids = func(b *cfg.Block) bool {
		if seen[b] {
			return isHead(b, n) // an iteration of the loop without n
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

// isHead reports whether b is the block at which a loop with n in its body begins an
// iteration or ends.
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
