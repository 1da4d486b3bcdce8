package demo

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var stepID = ctxvar.New("task_id", ctxvar.Default("none"))

func step() { fmt.Fprintln(stdout, "Synchronous task running with task_id:", stepID.Get()) }

func work(id string) {
	stepID.Set(id) // no Reset: the copy that it changes is dropped
	step()
}

func synchronous(context.Context) error {
	ctxvar.Copy().Run(func() { work("task1") })
	ctxvar.Copy().Run(func() { work("task2") })
	fmt.Fprintln(stdout, "Afterwards task_id is:", stepID.Get())
	return nil
}
