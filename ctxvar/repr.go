package ctxvar

import (
	"fmt"
	"strings"
	"sync"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// What fmt says of a Var, a Token and a Context is what Python's repr says.

// String returns the variable's name and its default, as in
//
//	<Var name="tenant" default=none>
//
// A default that [DefaultFunc] makes is not made for it, and one of a variable
// marked as [Secret] is not shown.
func (v *Var[T]) String() string {
	var b strings.Builder
	switch {
	case v == nil || v.self == nil:
		return "<Var not made by New>"
	case v.secret:
		fmt.Fprintf(&b, "<Var name=%q secret>", v.name)
	case v.fallback != nil:
		fmt.Fprintf(&b, "<Var name=%q default=func>", v.name)
	case v.constant:
		fmt.Fprintf(&b, "<Var name=%q default=%s>", v.name, within(v.self, func() string { return fmt.Sprint(v.preset) }))
	default:
		fmt.Fprintf(&b, "<Var name=%q>", v.name)
	}
	return b.String()
}

// String returns the token's variable, and whether the token was used, as in
//
//	<Token used var=<Var name="tenant" default=none>>
func (t *Token[T]) String() string {
	used := ""
	if t.used.Load() {
		used = " used"
	}
	return "<Token" + used + " var=" + t.v.String() + ">"
}

// String returns the variables that have a value in c, with their values, as in
//
//	<Context tenant=acme user=[redacted]>
//
// Those of a variable marked as [Secret] are not shown.
func (c *Context) String() string {
	return within(c, func() string {
		var b strings.Builder
		b.WriteString("<Context")
		for v, value := range c.All() {
			if v.Secret() {
				value = Redacted
			}
			fmt.Fprintf(&b, " %s=%v", v.Name(), value)
		}
		b.WriteByte('>')
		return b.String()
	})
}

// shown has, by goroutine, what is being shown.
var shown sync.Map

type showing struct {
	what      any
	goroutine uint64
}

// within returns what show does, or "...", as Python, if what is being shown by
// this goroutine already: a default may have its own variable in it.
func within(what any, show func() string) string {
	key := showing{what, gls.Goroutine()}
	if _, again := shown.LoadOrStore(key, nil); again {
		return "..."
	}
	defer shown.Delete(key)
	return show()
}
