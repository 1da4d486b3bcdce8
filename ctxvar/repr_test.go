package ctxvar_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
)

func TestString(t *testing.T) {
	plain := ctxvar.New[string]("plain")
	password := ctxvar.New("password", ctxvar.Default("hunter2"), ctxvar.Secret[string]())
	made := ctxvar.New("made", ctxvar.DefaultFunc(func() int { panic("made for nothing") }))
	assert.Equal(t, `<Var name="plain">`, plain.String())
	assert.Equal(t, `<Var name="tenant" default=none>`, fmt.Sprint(tenant))
	assert.Equal(t, `<Var name="password" secret>`, fmt.Sprint(password))
	assert.Equal(t, `<Var name="made" default=func>`, fmt.Sprint(made))
	assert.Equal(t, `<Var not made by New>`, new(ctxvar.Var[int]).String())

	assert.Equal(t, `<Context>`, fmt.Sprint(ctxvar.Empty()))
	tok := tenant.Set("acme")
	plain.Set("x")
	password.Set("hunter3")
	c := ctxvar.Copy()
	assert.Equal(t, `<Context tenant=acme plain=x password=[redacted]>`, fmt.Sprint(c))
	assert.Equal(t, `<Token var=<Var name="tenant" default=none>>`, fmt.Sprint(tok))
	tok.Reset()
	assert.Equal(t, `<Token used var=<Var name="tenant" default=none>>`, fmt.Sprint(tok))

	self := ctxvar.New[any]("self")
	c.Run(func() { self.Set(c) })
	assert.Contains(t, fmt.Sprint(c), "self=...")
	assert.Contains(t, fmt.Sprint(c), "self=...", "and again")
}
