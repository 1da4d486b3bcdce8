package scope

import (
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A test may have variables of its own.
func TestLocal(t *testing.T) {
	v := ctxvar.New[int]("local")
	defer v.Set(1).Reset()
	setUp()
	handle()
	calls()
	callsGet()
	others()
	handler()
	newServer()
}
