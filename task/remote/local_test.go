package remote_test

import (
	"testing"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetest"
)

func TestLocalEngine(t *testing.T) {
	remotetest.Run(t, func(*testing.T) (caller, worker remote.Engine) {
		e := remote.NewLocal()
		return e, e
	})
}
