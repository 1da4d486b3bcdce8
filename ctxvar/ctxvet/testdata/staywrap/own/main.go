// A program with a context of its own that has the request.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New[string]("user")

type Context struct {
	Request *http.Request
	handle  func(*Context)
}

func (c *Context) Next() { ctxvar.Work(func() { c.handle(c) }) }

func handle(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func main() { http.ListenAndServe(":1", nil) }
