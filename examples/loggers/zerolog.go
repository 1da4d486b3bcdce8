package main

import (
	"github.com/rs/zerolog"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Str returns a hook for a zerolog.Logger that adds a variable's value to each
// event, under the variable's name, if it has a value or a default.
//
//	log := zerolog.New(os.Stderr).Hook(loggers.Str(requestID))
//
// zerolog calls its hooks when the event is sent, in the goroutine that sends
// it, and not at all for events that the logger's level leaves out.
func Str[T ~string](v *ctxvar.Var[T]) zerolog.Hook {
	return zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		if value, ok := v.Lookup(); ok {
			e.Str(v.Name(), string(value))
		}
	})
}
