// A program that uses Work through a value.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New[string]("user")

var scope = ctxvar.Work

func handle(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func main() { http.ListenAndServe(":1", nil) }
