package demo

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

type settings map[string]string

var (
	// One map, read and written by every context that never sets the variable.
	shared = ctxvar.New("shared", ctxvar.Default(settings{"theme": "light"}))

	// A new map for each Get.
	own = ctxvar.New("own", ctxvar.DefaultFunc(func() settings { return settings{"theme": "light"} }))
)

func defaults(context.Context) error {
	fmt.Fprintln(stdout, "Default, never set:", shared.Get()["theme"])
	ctxvar.Empty().Run(func() { shared.Get()["theme"] = "dark" })
	fmt.Fprintln(stdout, "After another context changed its default:", shared.Get()["theme"])
	shared.Get()["theme"] = "light" // the hazard outlives the scene, so put it back

	fmt.Fprintln(stdout, "Default made afresh, never set:", own.Get()["theme"])
	ctxvar.Empty().Run(func() { own.Get()["theme"] = "dark" })
	fmt.Fprintln(stdout, "After another context changed its default:", own.Get()["theme"])
	return nil
}
