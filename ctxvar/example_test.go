package ctxvar_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"sort"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Variables are declared at package level, and read by code that takes no
// parameter for them.
var (
	userID = ctxvar.New("user_id", ctxvar.Default("anonymous"))
	locale = ctxvar.New[string]("locale")
)

func greet() string { return "hello, " + userID.Get() }

func Example() {
	fmt.Println(greet())

	token := userID.Set("alice")
	fmt.Println(greet())

	var wg sync.WaitGroup
	wg.Go(func() { // any goroutine inherits, and has its own from here on
		fmt.Println(greet())
		userID.Set("bob")
		fmt.Println(greet())
	})
	wg.Wait()

	fmt.Println(greet())
	token.Reset()
	fmt.Println(greet())
	// Output:
	// hello, anonymous
	// hello, alice
	// hello, alice
	// hello, bob
	// hello, alice
	// hello, anonymous
}

func ExampleNew() {
	verbose := ctxvar.New[bool]("verbose")
	fmt.Println(verbose.Name(), verbose.Get())
	verbose.Set(true)
	fmt.Println(verbose.Name(), verbose.Get())
	// Output:
	// verbose false
	// verbose true
}

func ExampleDefault() {
	retries := ctxvar.New("retries", ctxvar.Default(3))
	fmt.Println(retries.Get())
	// Output: 3
}

// A default that can be changed in place, such as a map, has to be made anew for each
// reader, because Default would share one.
func ExampleDefaultFunc() {
	shared := ctxvar.New("shared", ctxvar.Default(map[string]int{}))
	shared.Get()["hits"]++
	fmt.Println(shared.Get())

	fresh := ctxvar.New("fresh", ctxvar.DefaultFunc(func() map[string]int { return map[string]int{} }))
	fresh.Get()["hits"]++
	fmt.Println(fresh.Get())
	// Output:
	// map[hits:1]
	// map[]
}

func ExampleVar_GetOr() {
	fmt.Println(locale.GetOr("en"))
	defer locale.Set("fr").Reset()
	fmt.Println(locale.GetOr("en"))
	// Output:
	// en
	// fr
}

func ExampleVar_Lookup() {
	if _, ok := locale.Lookup(); !ok {
		fmt.Println("no locale is set, and none is the default")
	}
	// Output: no locale is set, and none is the default
}

func ExampleVar_MustGet() {
	defer func() {
		var err *ctxvar.LookupError
		if errors.As(recover().(error), &err) {
			fmt.Println("missing:", err.Var)
		}
	}()
	locale.MustGet()
	// Output: missing: locale
}

// Set returns a token that restores the earlier value.
func ExampleVar_Set() {
	handle := func(user string) {
		defer userID.Set(user).Reset()
		fmt.Println(greet())
	}
	handle("alice")
	handle("bob")
	fmt.Println(greet())
	// Output:
	// hello, alice
	// hello, bob
	// hello, anonymous
}

func ExampleVar_With() {
	userID.With("alice", func() {
		fmt.Println(greet())
	})
	fmt.Println(greet())
	// Output:
	// hello, alice
	// hello, anonymous
}

func ExampleVar_Reset() {
	token := userID.Set("alice")
	userID.Set("bob") // any number of changes: the token goes back to before its own Set
	userID.Reset(token)
	fmt.Println(userID.Get())
	// Output: anonymous
}

func ExampleToken_OldValue() {
	first := userID.Set("alice")
	defer first.Reset()
	second := userID.Set("bob")
	fmt.Println(first.OldValue())
	fmt.Println(second.OldValue())
	// Output:
	//  false
	// alice true
}

// A Context is a snapshot in which code can be run. What the code sets stays there.
func ExampleCopy() {
	defer userID.Set("alice").Reset()
	snapshot := ctxvar.Copy()
	userID.Set("bob")

	snapshot.Run(func() {
		fmt.Println("inside:", userID.Get())
		userID.Set("carol")
	})
	fmt.Println("outside:", userID.Get())
	kept, _ := userID.In(snapshot)
	fmt.Println("kept:", kept)
	// Output:
	// inside: alice
	// outside: bob
	// kept: carol
}

func ExampleEmpty() {
	defer userID.Set("alice").Reset()
	ctxvar.Empty().Run(func() { fmt.Println(userID.Get()) })
	// Output: anonymous
}

func ExampleCall() {
	c := ctxvar.Copy()
	greeting, err := ctxvar.Call(c, func() (string, error) {
		userID.Set("alice")
		return greet(), nil
	})
	fmt.Println(greeting, err)
	// Output: hello, alice <nil>
}

// A Context may be entered again after it has been left, and not before.
func ExampleContext_Run() {
	c := ctxvar.Empty()
	c.Run(func() { userID.Set("alice") })
	c.Run(func() { fmt.Println(userID.Get()) })

	defer func() { fmt.Println(errors.Is(recover().(error), ctxvar.ErrEntered)) }()
	c.Run(func() {
		c.Run(func() {})
	})
	// Output:
	// alice
	// true
}

func ExampleContext_All() {
	c := ctxvar.Empty()
	c.Run(func() {
		userID.Set("alice")
		locale.Set("fr")
	})
	var lines []string
	for v, value := range c.All() {
		lines = append(lines, fmt.Sprintf("%s=%v", v.Name(), value))
	}
	sort.Strings(lines)
	fmt.Println(c.Len(), lines)
	// Output: 2 [locale=fr user_id=alice]
}

func ExampleContext_Equal() {
	c := ctxvar.Copy()
	d := c.Copy()
	fmt.Println(c.Equal(d))
	d.Run(func() { userID.Set("alice") })
	fmt.Println(c.Equal(d))
	// Output:
	// true
	// false
}

// If work is passed from goroutine to goroutine, such as to an existing pool, no go
// statement passes the values on. A context.Context does.
func ExampleNewContext() {
	jobs := make(chan context.Context)
	var pool sync.WaitGroup
	pool.Go(func() {
		for ctx := range jobs {
			c, _ := ctxvar.FromContext(ctx)
			c.Run(func() { fmt.Println(greet()) })
		}
	})

	for _, user := range []string{"alice", "bob"} {
		userID.With(user, func() { jobs <- ctxvar.NewContext(context.Background()) })
	}
	close(jobs)
	pool.Wait()
	// Output:
	// hello, alice
	// hello, bob
}

// Do is pprof.Do for a ctx that may come from anywhere.
func ExampleDo() {
	defer userID.Set("alice").Reset()
	ctxvar.Do(context.Background(), pprof.Labels("handler", "index"), func(ctx context.Context) {
		handler, _ := pprof.Label(ctx, "handler")
		fmt.Println(handler, userID.Get())
	})
	// Output: index alice
}

// A goroutine that outlives the request should keep none of its values.
func ExampleDetach() {
	var wg sync.WaitGroup
	userID.With("alice", func() {
		ctxvar.Detach(func() {
			wg.Go(func() { fmt.Println("background:", userID.Get()) })
		})
		fmt.Println("request:", userID.Get())
		wg.Wait()
	})
	// Unordered output:
	// background: anonymous
	// request: alice
}
