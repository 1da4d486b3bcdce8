package demo

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var owner = ctxvar.New("owner", ctxvar.Default("default"))

func worker() {
	fmt.Fprintln(stdout, "The worker starts with:", owner.Get())
	owner.Set("worker")
	fmt.Fprintln(stdout, "The worker leaves:", owner.Get())
}

func copyContext(context.Context) error {
	copied := ctxvar.Copy()
	owner.Set("main")
	copied.Run(worker)

	held, _ := owner.In(copied)
	fmt.Fprintln(stdout, "The copy holds:", held)
	fmt.Fprintln(stdout, "The caller holds:", owner.Get())
	return nil
}
