package isolate

import "github.com/heirloom-go/heirloom/ctxvar"

func Apart(f func()) {
	apart(func() { f() })
}

func apart(f func()) { ctxvar.Copy().Run(f) }

func Later(f func()) {
	ctxvar.Detach(func() { go f() })
}
