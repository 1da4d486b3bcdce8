package ctxvar_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// With drops what fn did with the variable and restores the earlier value, however fn
// ends.
func TestWithRestores(t *testing.T) {
	v := ctxvar.New[string]("v")
	other := ctxvar.New[string]("other")
	for name, end := range ends {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/set before=%t", name, before), func(t *testing.T) {
				value := inGoroutine(func() {
					if before {
						v.Set("outside")
					}
					defer func() {
						got, ok := v.Lookup()
						assert.Equal(t, before, ok)
						if before {
							assert.Equal(t, "outside", got)
						}
						assert.Equal(t, "stays", other.Get(), "other variables are not restored")
					}()
					v.With("inside", func() {
						assert.Equal(t, "inside", v.Get())
						v.Set("changed")
						other.Set("stays")
						end()
					})
				})
				assert.Equal(t, name == "panic", value != nil)
			})
		}
	}
}

// ends are the ways for a function to end.
var ends = map[string]func(){
	"return": func() {},
	"panic":  func() { panic("over") },
	"Goexit": runtime.Goexit,
}

// Run restores the caller's context however fn ends, keeps what fn set, and lets the
// next caller in.
func TestRunRestores(t *testing.T) {
	v := ctxvar.New[string]("v")
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			c := ctxvar.Empty()
			value := inGoroutine(func() {
				tok := v.Set("outside")
				defer func() {
					assert.Equal(t, "outside", v.Get())
					requireIn(t, "inside", c, v)
					tok.Reset() // the caller is back in its own context
				}()
				c.Run(func() {
					v.Set("inside")
					end()
				})
			})
			assert.Equal(t, name == "panic", value != nil)
			c.Run(func() { assert.Equal(t, "inside", v.Get()) })
		})
	}
}

// So does Detach.
func TestDetachRestores(t *testing.T) {
	v := ctxvar.New[string]("v")
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			value := inGoroutine(func() {
				tok := v.Set("outside")
				defer func() {
					assert.Equal(t, "outside", v.Get())
					tok.Reset()
				}()
				ctxvar.Detach(func() {
					requireUnset(t, v)
					assert.Zero(t, ctxvar.Copy().Len())
					assert.Nil(t, inGoroutine(func() { requireUnset(t, v) }))
					v.Set("inside")
					end()
				})
			})
			assert.Equal(t, name == "panic", value != nil)
		})
	}
}
