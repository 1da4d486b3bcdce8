// Package demo has the scenes that heirloom demo plays, one file each. Each scene is
// short enough to copy from, and prints what its Python original prints.
package demo

import (
	"context"
	"embed"
	"io"
	"slices"

	"github.com/heirloom-go/heirloom/task"
)

// A Scene is one example, ready to play.
type Scene struct {
	Name  string
	Title string // what it shows, in one line
	play  func(context.Context) error

	// concurrent is true if tasks of the scene print at the same time, so that the
	// scheduler determines the order. In sorted order, the lines of these scenes are
	// those that asyncio prints, whose loop runs tasks first in, first out.
	concurrent bool
}

// Default is the name of the scene that a bare heirloom demo plays.
const Default = "gather"

// Scenes returns all scenes, in the order in which they are best watched.
func Scenes() []Scene {
	return []Scene{
		{"basic", "a variable: its default, a value, and the default again", basic, false},
		{"token", "a value for the length of a call, rolled back with its token", token, false},
		{"gather", "two concurrent tasks, each reading its own task_id with no parameter", gatherTasks, true},
		{"requests", "three concurrent requests, each reading its own id 100 ms later", requests, true},
		{"sync", "two tasks one after the other, neither affecting the other", synchronous, false},
		{"copy", "a worker run in a copy of the context: what the copy and the caller hold", copyContext, false},
		{"middleware", "an HTTP middleware that sets user_id around a handler and restores it", middleware, false},
		{"defaults", "a default that is shared and changes for everybody, and one made afresh", defaults, false},
		{"logging", "log lines that carry the request id, which nobody passes on", logging, true},
		{"echo", "a TCP echo server whose functions know the client's address with no parameter", echo, false},
		{"leak", "the same work with a plain global, which leaks between requests, and a Var", leak, true},
	}
}

// Find returns the scene of that name.
func Find(name string) (Scene, bool) {
	scenes := Scenes()
	i := slices.IndexFunc(scenes, func(s Scene) bool { return s.Name == name })
	if i < 0 {
		return Scene{}, false
	}
	return scenes[i], true
}

// Play runs the scene, which prints to w, and waits for everything that it started. It
// returns an error of the scene or of writing to w.
func (s Scene) Play(ctx context.Context, w io.Writer) error {
	lines := new(sorted)
	out := w
	if s.concurrent {
		out = lines
	}
	main := func(ctx context.Context) (struct{}, error) {
		defer output.Set(out).Reset()
		return struct{}{}, s.play(ctx)
	}
	if _, err := task.Run(ctx, main, task.Name(s.Name)); err != nil {
		return err
	}
	return lines.writeTo(w)
}

//go:embed basic.go token.go gather.go requests.go sync.go copy.go middleware.go defaults.go logging.go echo.go leak.go
var files embed.FS

// Source returns the Go source of the scene.
func (s Scene) Source() []byte {
	src, err := files.ReadFile(s.Name + ".go")
	if err != nil {
		panic("demo: scene " + s.Name + " has no embedded source: " + err.Error())
	}
	return src
}
