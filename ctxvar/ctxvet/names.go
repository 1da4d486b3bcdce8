package ctxvet

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// ctxvarPath is the import path of the package whose uses are analyzed.
const ctxvarPath = "github.com/heirloom-go/heirloom/ctxvar"

const heirloomPath = "github.com/heirloom-go/heirloom"

// ofHeirloom reports whether a package is one of Heirloom's, as opposed to one
// that uses them.
func ofHeirloom(path string) bool {
	return path == ctxvarPath || strings.HasPrefix(path, ctxvarPath+"/") ||
		path == heirloomPath+"/task" || path == heirloomPath+"/gather"
}

// A name identifies a function, or a method if recv is not empty.
type name struct{ pkg, recv, name string }

// calleeName returns the name of the function or method that call calls, or the
// zero name if it is known only at run time.
func calleeName(info *types.Info, call *ast.CallExpr) name {
	return funcName(typeutil.Callee(info, call))
}

// funcName returns the name of obj, or the zero name if it is not a function of
// a package.
func funcName(obj types.Object) name {
	fn, ok := obj.(*types.Func)
	if !ok || fn.Pkg() == nil {
		return name{}
	}
	n := name{pkg: fn.Pkg().Path(), name: fn.Name()}
	if recv := fn.Signature().Recv(); recv != nil {
		named := namedType(recv.Type())
		if named == nil {
			return name{}
		}
		n.recv = named.Obj().Name()
	}
	return n
}

// namedType returns the defined type that t is, or points to, or nil.
func namedType(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, _ := t.(*types.Named)
	return named
}

// isCtxvar reports whether t is a pointer to ctxvar's type of that name.
func isCtxvar(t types.Type, typeName string) bool {
	if t == nil {
		return false
	}
	if _, ok := types.Unalias(t).(*types.Pointer); !ok {
		return false
	}
	named := namedType(t)
	return named != nil && named.Obj().Name() == typeName &&
		named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == ctxvarPath
}

// isValue reports whether t is ctxvar's type of that name itself, not a pointer
// to it.
func isValue(t types.Type, typeName string) bool {
	if t == nil {
		return false
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && isCtxvar(types.NewPointer(named), typeName)
}

// An operand is a variable, or a field of a field of one: x, x.y.z.
type operand []types.Object

// operandOf returns what e is, or nil if it is anything else.
func operandOf(info *types.Info, e ast.Expr) operand {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := info.Uses[e].(*types.Var); ok {
			return operand{v}
		}
	case *ast.SelectorExpr:
		v, ok := info.Uses[e.Sel].(*types.Var)
		switch {
		case !ok:
		case !v.IsField(): // of another package
			return operand{v}
		default:
			if x := embedded(operandOf(info, e.X), info.Selections[e]); x != nil {
				return append(x, v)
			}
		}
	}
	return nil
}

// embedded returns o with the embedded fields through which selection finds a
// field or a method of it.
func embedded(o operand, selection *types.Selection) operand {
	if o == nil || selection == nil {
		return nil
	}
	t := selection.Recv()
	for _, i := range selection.Index()[:len(selection.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			return nil
		}
		o = append(o[:len(o):len(o)], s.Field(i))
		t = s.Field(i).Type()
	}
	return o
}

// changes reports whether o may be changed by the code at c: whether one of its
// parts is assigned there, or has its address taken.
func (o operand) changes(info *types.Info, c inspector.Cursor) bool {
	is := func(e ast.Expr) bool {
		to := operandOf(info, e)
		return to != nil && slices.Contains(o, to[len(to)-1])
	}
	for n := range c.Preorder((*ast.AssignStmt)(nil), (*ast.RangeStmt)(nil), (*ast.UnaryExpr)(nil)) {
		switch n := n.Node().(type) {
		case *ast.AssignStmt:
			if slices.ContainsFunc(n.Lhs, is) {
				return true
			}
		case *ast.RangeStmt:
			if n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value) {
				return true
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND && is(n.X) {
				return true
			}
		}
	}
	return false
}

func (o operand) String() string {
	var names []string
	for _, part := range o {
		names = append(names, part.Name())
	}
	return strings.Join(names, ".")
}
