package run

import "github.com/heirloom-go/heirloom/ctxvar"

var v = ctxvar.New[int]("v")

type holder struct{ c *ctxvar.Context }

func f() {}

func g() (int, error) { return 0, nil }

func within(c, d *ctxvar.Context, h holder) {
	c.Run(func() {
		c.Run(f)       // want `c is run within itself, which panics: call the function directly, or run a copy`
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

func named(c, d *ctxvar.Context, h holder, some bool) {
	inner := func() { c.Run(f) }
	c.Run(inner)              // want `c is run within itself, which panics, in run.go:\d+: call the function directly, or run a copy`
	c.Run(func() { inner() }) // want `c is run within itself, which panics, in run.go`
	d.Run(inner)
	d.Run(func() { c.Run(func() { ctxvar.Detach(func() { inner() }) }) }) // want `c is run within itself, which panics, in run.go`
	c.Run(func() { go inner() })

	same := c
	c.Run(func() { same.Run(f) }) // want `c is run within itself`

	mayBe := func() {
		if some {
			c.Run(f)
		}
	}
	c.Run(mayBe)
	guarded := func() {
		if some {
			return
		}
		c.Run(f)
	}
	c.Run(guarded)
	var again func()
	again = func() {
		if err := fails(); err != nil {
			return
		}
		for range 3 {
			func() { c.Run(f) }()
		}
	}
	c.Run(again) // want `c is run within itself, which panics, in run.go`
	now := func() { c.Run(f) }
	now = f
	c.Run(now)

	h.c.Run(func() { h.run() }) // want `h.c is run within itself, which panics, in run.go`
	h.c.Run(h.run)              // want `h.c is run within itself, which panics, in run.go`
	c.Run(func() { h.run(); runOne(d); each(c, some) })
	c.Run(func() { runOne(c) })         // want `c is run within itself, which panics, in run.go`
	c.Run(func() { deep(holder{}, c) }) // want `c is run within itself, which panics, in run.go`
	o := outer{holder: h}
	o.c.Run(func() { o.run() }) // want `o.holder.c is run within itself, which panics, in run.go`
}

type outer struct{ holder }

func (h holder) run() { h.c.Run(f) }

func runOne(c *ctxvar.Context) { c.Run(f) }

func deep(h holder, c *ctxvar.Context) { defer runOne(c) }

func each(c *ctxvar.Context, some bool) {
	for range 3 {
		if some {
			continue
		}
		c.Run(f)
	}
	for range 3 {
		if some {
			break
		}
		c.Run(f)
	}
}

func fails() error { return nil }
