package ctxvar

import (
	"fmt"
	"strings"
	"sync"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// The String methods of Var, Token and Context print what Python's repr prints.

// String returns the variable's name and its default, as in
//
//	<Var name="tenant" default=none>
//
// It does not call the function of a [DefaultFunc], and does not show the
// default of a variable declared with [Secret].
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
	if t.used.isSet() {
		used = " used"
	}
	return "<Token" + used + " var=" + t.v.String() + ">"
}

// String returns the variables that have a value in c, with their values, as in
//
//	<Context tenant=acme user=[redacted]>
//
// It does not show the values of variables declared with [Secret].
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

// shown holds what each goroutine is formatting at the moment.
var shown sync.Map

type showing struct {
	what      any
	goroutine uint64
}

// within returns the result of show, or "...", as Python does, if this
// goroutine is already formatting what: a default may contain its own variable.
func within(what any, show func() string) string {
	key := showing{what, gls.Goroutine()}
	if _, again := shown.LoadOrStore(key, nil); again {
		return "..."
	}
	defer shown.Delete(key)
	return show()
}
