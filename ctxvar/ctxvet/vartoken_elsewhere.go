package ctxvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// The places in which a function that is passed to another one may run.
const (
	otherGoroutine = "goroutine"
	otherContext   = "Context"
)

// runners are functions that run their argument, but not in the goroutine or
// not in the Context of the caller.
var runners = map[name]string{
	{"context", "", "AfterFunc"}:                          otherGoroutine,
	{"iter", "", "Pull"}:                                  otherGoroutine,
	{"iter", "", "Pull2"}:                                 otherGoroutine,
	{"sync", "WaitGroup", "Go"}:                           otherGoroutine,
	{"testing", "B", "Run"}:                               otherGoroutine,
	{"testing", "F", "Fuzz"}:                              otherGoroutine,
	{"testing", "T", "Run"}:                               otherGoroutine,
	{"testing/synctest", "", "Test"}:                      otherGoroutine,
	{"time", "", "AfterFunc"}:                             otherGoroutine,
	{"golang.org/x/sync/errgroup", "Group", "Go"}:         otherGoroutine,
	{"golang.org/x/sync/errgroup", "Group", "TryGo"}:      otherGoroutine,
	{"golang.org/x/sync/singleflight", "Group", "DoChan"}: otherGoroutine,
	{heirloomPath + "/gather", "", "All"}:                 otherGoroutine,
	{heirloomPath + "/gather", "", "Any"}:                 otherGoroutine,
	{heirloomPath + "/gather", "", "Each"}:                otherGoroutine,
	{heirloomPath + "/gather", "", "Map"}:                 otherGoroutine,
	{heirloomPath + "/gather", "", "Race"}:                otherGoroutine,
	{heirloomPath + "/gather", "", "Settled"}:             otherGoroutine,
	{heirloomPath + "/gather", "", "Stream"}:              otherGoroutine,
	{heirloomPath + "/gather", "Group", "Go"}:             otherGoroutine,
	{heirloomPath + "/gather", "Group", "TryGo"}:          otherGoroutine,
	{heirloomPath + "/gather", "GroupOf", "Go"}:           otherGoroutine,
	{heirloomPath + "/gather", "GroupOf", "TryGo"}:        otherGoroutine,
	{heirloomPath + "/task", "", "Go"}:                    otherGoroutine,
	{heirloomPath + "/task", "", "Run"}:                   otherGoroutine,
	{heirloomPath + "/task", "", "Serve"}:                 otherGoroutine,
	{heirloomPath + "/task", "", "Shield"}:                otherGoroutine,
	{heirloomPath + "/task", "", "Start"}:                 otherGoroutine,
	{heirloomPath + "/task", "", "ToThread"}:              otherGoroutine,
	{ctxvarPath, "", "Call"}:                              otherContext,
	{ctxvarPath, "", "Detach"}:                            otherContext,
	{ctxvarPath, "", "RunFrom"}:                           otherContext,
	{ctxvarPath, "", "Work"}:                              otherContext,
	{ctxvarPath, "Context", "Run"}:                        otherContext,
}

// checkElsewhere reports the reset of tok at c if it runs in another goroutine
// or Context than the one that tok is for.
func (t *tokens) checkElsewhere(c inspector.Cursor, tok ast.Expr) {
	place, other := t.elsewhere(c)
	switch {
	case other == "":
		return
	case other == otherGoroutine && place == c:
		// go tok.Reset(): a goroutine that has not made a token yet.
	case !t.madeOutside(place, c, tok):
		return
	}
	t.pass.ReportRangef(c.Node(), "the token is reset in another %s than it was made in, which panics", other)
}

// elsewhere determines whether the code at c runs in another place than the
// function around it. It returns what runs there, which is c or a literal
// around c, and a description of the place. The description is "" if the code
// runs in the same place, as far as can be known.
func (t *tokens) elsewhere(c inspector.Cursor) (place inspector.Cursor, other string) {
	if c.ParentEdgeKind() == edge.GoStmt_Call {
		return c, otherGoroutine
	}
	if call, kind := callAround(c); kind == edge.CallExpr_Args {
		if other := runners[calleeName(t.pass.TypesInfo, call.Node().(*ast.CallExpr))]; other != "" {
			return c, other
		}
	}
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		call, kind := callAround(lit)
		switch {
		case !call.Valid():
			return lit, ""
		case kind == edge.CallExpr_Args:
			if other := runners[calleeName(t.pass.TypesInfo, call.Node().(*ast.CallExpr))]; other != "" {
				return lit, other
			}
		case call.ParentEdgeKind() == edge.GoStmt_Call:
			return lit, otherGoroutine
		}
		if !calledInPlace(t.pass.TypesInfo, lit) {
			return lit, ""
		}
	}
	return c, ""
}

// madeOutside reports whether tok, which is reset at c, was certainly made by
// the function around place, and not by what runs in place.
func (t *tokens) madeOutside(place, c inspector.Cursor, tok ast.Expr) bool {
	isSet := func(e ast.Expr) bool {
		call, ok := e.(*ast.CallExpr)
		return ok && calleeName(t.pass.TypesInfo, call) == name{ctxvarPath, "Var", "Set"}
	}
	id, ok := ast.Unparen(tok).(*ast.Ident)
	if !ok {
		// The operand of a method value is evaluated where it is written.
		return place == c && isSet(ast.Unparen(tok))
	}
	v, _ := t.pass.TypesInfo.Uses[id].(*types.Var)
	sources, ok := t.flow().of(v)
	if !ok {
		return false
	}
	// The first source is the declaration. Another function that assigns the
	// variable might be called in place.
	maker, ok := funcOf(t.pass.TypesInfo, sources[0].at)
	if !ok || !maker.Contains(place) || place.Contains(sources[0].at) {
		return false
	}
	for _, src := range sources {
		if fn, _ := funcOf(t.pass.TypesInfo, src.at); fn != maker || src.expr != nil && !isSet(src.expr) {
			return false
		}
	}
	return true
}
