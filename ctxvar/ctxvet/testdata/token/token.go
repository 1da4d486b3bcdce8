package token

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"golang.org/x/sync/errgroup"
)

var (
	v    = ctxvar.New[int]("v")
	w    = ctxvar.New[int]("w")
	kept *ctxvar.Token[int]
)

func set(x int) *ctxvar.Token[int] { return v.Set(x) }

func setBoth(x int) (*ctxvar.Token[int], error) { return v.Set(x), nil }

func work() error { return nil }

// What is meant, in every form.

func right(c *ctxvar.Context, fail bool) (result *ctxvar.Token[int], err error) {
	v.Set(1) // to stay
	_ = v.Set(1)
	defer v.Set(1).Reset()
	defer v.Reset(v.Set(1))
	defer set(1).Reset()
	t := v.Set(2)
	defer t.Reset()
	t2 := v.Set(3)
	defer func() { v.Reset(t2) }()
	v.With(1, func() { work() })
	c.Run(func() { v.Set(1) })
	func() {
		t3 := v.Set(4)
		if fail {
			panic("fails")
		}
		t3.Reset()
	}()
	old, _ := v.Set(5).OldValue()
	defer v.Set(old)
	now := v.Get()
	v.Set(6)
	defer v.Set(now)
	kept = v.Set(7)
	if t4 := v.Set(8); fail {
		t4.Reset()
	} else {
		kept = t4
	}
	result = v.Set(9)
	return
}

func rightLate() (err error) {
	var t *ctxvar.Token[int]
	defer func() {
		if t != nil {
			t.Reset()
		}
	}()
	if err := work(); err != nil {
		return err
	}
	t = v.Set(1)
	return work()
}

func rightLoop(n int) {
	for range n {
		t := v.Set(1)
		work()
		t.Reset()
	}
	var t *ctxvar.Token[int]
	p := &t
	t = v.Set(2)
	(*p).Reset()
	cleanUp := v.Set(3).Reset
	cleanUp()
}

// In vain.

func vain() {
	defer v.Set(1) // want `a deferred Set sets the variable when the function returns, and restores nothing: defer the Reset`
	defer set(1)   // want `a deferred Set`
	x := 1
	defer v.Set(x)     // want `a deferred Set`
	go v.Set(1)        // want `a go statement with a Set sets the variable only in a goroutine that ends at once`
	v.Set(1).Reset()   // want `the value is reset as soon as it is set: defer the Reset`
	v.Reset(v.Set(1))  // want `the value is reset as soon`
	_ = v.Set(1).Reset // want `the Reset is not called: defer it, or drop the token`
	set(1).Reset()
}

// Elsewhere.

func elsewhere(ctx context.Context, c *ctxvar.Context, param *ctxvar.Token[int]) {
	t := v.Set(1)
	defer t.Reset()
	go t.Reset()        // want `the token is reset in another goroutine than it was made in, which panics`
	go v.Reset(t)       // want `another goroutine`
	go v.Set(2).Reset() // want `another goroutine`
	go param.Reset()    // want `another goroutine`
	go func() {
		defer t.Reset() // want `another goroutine`
		func() {
			v.Reset(t) // want `another goroutine`
		}()
	}()
	go func() {
		mine := v.Set(2)
		defer mine.Reset()
		defer v.Set(3).Reset()
		v.With(4, func() { t.Reset() }) // want `another goroutine`
	}()
	go func() {
		t := t
		_ = t
	}()
	go func() { param.Reset() }()
	time.AfterFunc(time.Second, t.Reset)              // want `another goroutine`
	time.AfterFunc(time.Second, func() { t.Reset() }) // want `another goroutine`
	context.AfterFunc(ctx, v.Set(1).Reset)            // want `another goroutine`
	var wg sync.WaitGroup
	wg.Go(t.Reset) // want `another goroutine`
	var group errgroup.Group
	group.Go(func() error {
		t.Reset() // want `another goroutine`
		return nil
	})
	c.Run(t.Reset)                            // want `the token is reset in another Context than it was made in, which panics`
	c.Run(v.Set(1).Reset)                     // want `another Context`
	c.Run(func() { t.Reset() })               // want `another Context`
	ctxvar.Detach(func() { defer t.Reset() }) // want `another Context`
	c.Run(param.Reset)
	var late *ctxvar.Token[int]
	c.Run(func() { late = v.Set(1) })
	c.Run(func() { late.Reset() })
	var closure *ctxvar.Token[int]
	enter := func() { closure = v.Set(1) }
	go func() {
		enter()
		closure.Reset()
	}()
	var local *ctxvar.Token[int]
	go func() {
		local = v.Set(1)
		local.Reset()
	}()
	defer func() { t.Reset() }() // want `the token is reset twice, which panics: the other reset is in line 110`
	call(func() { t.Reset() })
}

func call(fn func()) { fn() }

func tests(t *testing.T) {
	tok := v.Set(1)
	t.Cleanup(tok.Reset)
	t.Run("sub", func(t *testing.T) {
		tok.Reset() // want `another goroutine`
		defer v.Set(1).Reset()
	})
}

// Lost on the way.

func returns() error {
	t := v.Set(1) // want `the token is neither reset nor kept on a path to line 181: defer the Reset`
	if err := work(); err != nil {
		return err
	}
	t.Reset()
	return nil
}

func falls(b bool) {
	var t = v.Set(1) // want `path to line 192`
	if b {
		t.Reset()
	}
}

func blank() {
	t := v.Set(1) // want `path to line 197`
	_ = t
}

func loops(n int) {
	for i := range n {
		t := v.Set(i) // want `path to line 201`
		if i%2 == 0 {
			continue
		}
		t.Reset()
	}
}

func overwritten() {
	t := v.Set(1) // want `path to line 211`
	t = v.Set(2)
	t.Reset()
}

func tuple(b bool) {
	t, err := setBoth(1) // want `path to line 219`
	if err != nil {
		fmt.Println(err)
		return
	}
	t.Reset()
	func() {
		t := set(2) // want `path to line 227`
		if b {
			t.Reset()
		}
	}()
}

func switches(n int) (err error) {
	t := v.Set(n) // want `path to line 236`
	switch n {
	case 1:
		t.Reset()
	case 2:
		return errors.New("two")
	case 3:
		panic("three")
	case 4:
		os.Exit(4)
	default:
		defer t.Reset()
	}
	return
}
