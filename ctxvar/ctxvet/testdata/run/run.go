package run

import "github.com/heirloom-go/heirloom/ctxvar"

var v = ctxvar.New[int]("v")

type holder struct{ c *ctxvar.Context }

func f() {}

func g() (int, error) { return 0, nil }

func within(c, d *ctxvar.Context, h holder) {
	c.Run(func() {
		c.Run(f)       // want `c is run within itself, which panics: it is current already, or run a copy`
		defer c.Run(f) // want `c is run within itself`
	})
	c.Run(func() {
		d.Run(func() {
			v.With(1, func() {
				c.Run(func() {}) // want `c is run within itself`
			})
		})
	})
	ctxvar.Call(c, func() (int, error) {
		return ctxvar.Call(c, g) // want `c is run within itself`
	})
	h.c.Run(func() {
		func() {
			h.c.Run(f) // want `h.c is run within itself`
		}()
	})
	ctxvar.Detach(func() { c.Run(func() { c.Run(f) }) }) // want `c is run within itself`
	local := ctxvar.Copy()
	local.Run(func() {
		ctxvar.Detach(func() { local.Run(f) }) // want `local is run within itself`
	})
}

func right(c, d *ctxvar.Context, h, i holder) {
	c.Run(func() {
		d.Run(f)
		c.Copy().Run(f)
		f()
		go c.Run(f) // perhaps later
		later(func() { c.Run(f) })
		_ = func() { c.Run(f) }
		go func() { c.Run(f) }()
	})
	c.Run(f)
	c.Run(f)
	c.Run(func() {
		c = d
		c.Run(f)
	})
	h.c.Run(func() {
		i.c.Run(f)
	})
	h.c.Run(func() {
		h.c = d
		h.c.Run(f)
	})
	ctxvar.Copy().Run(func() { ctxvar.Copy().Run(f) })
}

func later(func()) {}
