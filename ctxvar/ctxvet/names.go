package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// ctxvarPath is the import path of the package whose use is analyzed.
const ctxvarPath = "github.com/heirloom-go/heirloom/ctxvar"

// A name is that of a function, or of a method if recv is not empty.
type name struct{ pkg, recv, name string }

// calleeName returns the name of the function or method that call calls, or the
// zero name if that is not known before it runs.
func calleeName(info *types.Info, call *ast.CallExpr) name {
	return funcName(typeutil.Callee(info, call))
}

// funcName returns the name of obj, or the zero name if it is no function of a
// package.
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
