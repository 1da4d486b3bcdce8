// Ctxvet reports misuse of context variables: declared in functions, tokens that
// are not reset, profiler labels that take them away. It runs by itself or as
// part of go vet:
//
//	ctxvet ./...
//	ctxvet -fix ./...
//	go vet -vettool=$(which ctxvet) ./...
//
// Package [github.com/heirloom-go/heirloom/ctxvar/ctxvet] says what is reported;
// ctxvet help says the same in a terminal.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/heirloom-go/heirloom/ctxvar/ctxvet"
)

func main() { multichecker.Main(ctxvet.Analyzers()...) }
