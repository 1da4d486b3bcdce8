// Package scopewrap declares functions that make variables for others.
package scopewrap

import "github.com/heirloom-go/heirloom/ctxvar"

func New(name string) *ctxvar.Var[string] { // want New:"makes a variable"
	return ctxvar.New[string](name)
}

type Maker struct{}

func (Maker) Var(name string) (*ctxvar.Var[string], error) { // want Var:"makes a variable"
	v := New(name)
	return v, nil
}

var shared = New("shared")

// Shared makes nothing.
func Shared() *ctxvar.Var[string] { return shared }
