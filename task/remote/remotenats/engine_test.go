package remotenats_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotetest"
)

func TestEngine(t *testing.T) {
	s := serve(t)
	remotetest.Run(t, func(t *testing.T) (caller, worker remote.Engine) {
		// Each end has a connection of its own, as it would in a process of its own.
		return open(t, dial(t, s), remotenats.InMemory()), open(t, dial(t, s), remotenats.InMemory())
	})
}
