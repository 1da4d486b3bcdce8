// Package mid imports ctxvar for others.
package mid

import "github.com/heirloom-go/heirloom/ctxvar"

// User is the current user.
var User = NewVar("user")

// NewVar makes a variable.
func NewVar(name string) *ctxvar.Var[string] { return ctxvar.New[string](name) }
