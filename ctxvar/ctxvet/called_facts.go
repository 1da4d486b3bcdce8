package ctxvet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
)

// A reachFact is a fact about a function: what it certainly reaches.
type reachFact interface {
	analysis.Fact
	list() *[]place
}

// A place is a [reach] in a form that other packages can read.
type place struct {
	// Param is the number of the parameter of which Path is, or one of the
	// following.
	Param       int
	Pkg, Global string // the package and the name of the variable, if Param is ofGlobal
	Path        []string
	At          string
}

const (
	ofReceiver = -1
	ofGlobal   = -2
)

// export exports facts about what the exported functions of this package reach, in
// addition to those in facts.
func (k *called) export(facts map[*types.Func]reachFact) {
	for fn, c := range k.declared() {
		if !fn.Exported() {
			continue
		}
		for _, r := range k.reaches(c) {
			p, ok := placeOf(r, fn.Signature())
			if !ok {
				continue
			}
			if facts[fn] == nil {
				facts[fn] = k.newFact()
			}
			list := facts[fn].list()
			*list = append(*list, p)
		}
	}
}

// placeOf returns r, which is in the terms of a function with the signature sig.
// It reports false if r is about something that other packages cannot see.
func placeOf(r reach, sig *types.Signature) (p place, ok bool) {
	p.At = r.at
	for _, field := range r.o[1:] {
		p.Path = append(p.Path, field.Name())
	}
	root := r.o[0]
	if root == sig.Recv() {
		p.Param = ofReceiver
		return p, true
	}
	if root.Parent() == root.Pkg().Scope() {
		p.Param, p.Pkg, p.Global = ofGlobal, root.Pkg().Path(), root.Name()
		return p, root.Exported()
	}
	p.Param = slices.Index(slices.Collect(sig.Params().Variables()), root.(*types.Var))
	return p, p.Param >= 0
}

// elsewhere returns the function of another package that f is, or nil.
func (k *called) elsewhere(f ast.Expr) *types.Func {
	var id *ast.Ident
	switch f := ast.Unparen(f).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.IndexExpr:
		return k.elsewhere(f.X)
	}
	fn, ok := k.pass.TypesInfo.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg() == k.pass.Pkg {
		return nil
	}
	return fn.Origin()
}

// imported returns what fn, a function of another package, reaches according to its fact.
func (k *called) imported(fn *types.Func) (list []reach) {
	fact := k.newFact()
	if !k.pass.ImportObjectFact(fn, fact) {
		return nil
	}
	for _, p := range *fact.list() {
		var root types.Object
		switch p.Param {
		case ofReceiver:
			root = fn.Signature().Recv()
		case ofGlobal:
			root = k.global(p)
		default:
			root = fn.Signature().Params().At(p.Param)
		}
		if o := fieldsOf(root, p.Path); o != nil {
			list = append(list, reach{o, p.At})
		}
	}
	return list
}

// global returns the variable in p, or nil if this package does not import that
// one, and so has no other name for the variable.
func (k *called) global(p place) types.Object {
	for _, pkg := range k.pass.Pkg.Imports() {
		if pkg.Path() == p.Pkg {
			return pkg.Scope().Lookup(p.Global)
		}
	}
	return nil
}

// fieldsOf returns the field of root to which path leads, or nil.
func fieldsOf(root types.Object, path []string) operand {
	if root == nil {
		return nil
	}
	o := operand{root}
	for _, name := range path {
		t := o[len(o)-1].Type().Underlying()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem().Underlying()
		}
		s, ok := t.(*types.Struct)
		if !ok {
			return nil
		}
		i := slices.IndexFunc(slices.Collect(s.Fields()), func(f *types.Var) bool { return f.Name() == name })
		if i < 0 {
			return nil
		}
		o = append(o, s.Field(i))
	}
	return o
}
