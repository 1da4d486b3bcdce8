package tokenfix

import "github.com/heirloom-go/heirloom/ctxvar"

var v = ctxvar.New[int]("v")

func f() {
	defer v.Set(1) // want `deferred Set`

	v.Set(2).Reset() // want `taken back`

	v.Reset(v.Set(3)) // want `taken back`
}
