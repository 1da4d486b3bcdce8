package demo

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var actor = ctxvar.New("user", ctxvar.Default("anonymous"))

func whoActs() { fmt.Fprintln(stdout, "Current user:", actor.Get()) }

func asBob() {
	token := actor.Set("bob")
	defer token.Reset() // Python: finally: user.reset(token)

	whoActs()
	old, _ := token.OldValue()
	fmt.Fprintln(stdout, "To be restored:", old)
}

func token(context.Context) error {
	defer actor.Set("alice").Reset()
	whoActs()
	asBob()
	whoActs()
	return nil
}
