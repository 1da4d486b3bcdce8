package demo

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New("user", ctxvar.Default("anonymous"))

func who() { fmt.Fprintln(stdout, "Current user:", user.Get()) }

func basic(context.Context) error {
	who()
	token := user.Set("alice")
	who()
	token.Reset()
	who()
	return nil
}
