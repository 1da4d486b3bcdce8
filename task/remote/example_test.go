package remote_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task/remote"
)

var tenant = ctxvar.New("tenant", ctxvar.Default("nobody"))

var errEmpty = errors.New("nothing to shout")

func init() {
	remote.Carry(ctxwire.String(tenant, "tenant"))
	remote.Sentinel("example.errEmpty", errEmpty)
}

var shout = remote.New("shout", func(_ context.Context, text string) (string, error) {
	if text == "" {
		return "", errEmpty
	}
	return strings.ToUpper(text) + " for " + tenant.Get(), nil
})

// Callers and a worker, with an engine between them. In a real program they are on
// several machines, and the engine is NATS JetStream or Temporal.
func Example() {
	engine := remote.NewLocal()
	ctx, stop := context.WithCancel(context.Background())
	worker := make(chan error)
	go func() { worker <- remote.Serve(ctx, engine, []remote.Callable{shout}, remote.Concurrency(2)) }()

	defer remote.Through(engine).Reset()
	tenant.With("acme", func() {
		fmt.Println(gather.Map(context.Background(), []string{"hello", "bye"}, shout.Call))
	})
	_, err := shout.Call(context.Background(), "")
	fmt.Println(errors.Is(err, errEmpty))

	stop()
	fmt.Println(<-worker)
	// Output:
	// [HELLO for acme BYE for acme] <nil>
	// true
	// <nil>
}

// Without an engine it is the same program.
func ExampleFunc_Call() {
	defer tenant.Set("acme").Reset()
	fmt.Println(shout.Call(context.Background(), "hello"))
	// Output: HELLO for acme <nil>
}

var steps = remote.New("steps", func(_ context.Context, n int) (string, error) {
	for i := range n {
		remote.Report([]byte(fmt.Sprint("step ", i+1)))
	}
	return "done", nil
})

func ExampleReport() {
	defer remote.OnProgress(func(p remote.Progress) { fmt.Printf("%s\n", p.Data) }).Reset()
	fmt.Println(steps.Call(context.Background(), 2))
	// Output:
	// step 1
	// step 2
	// done <nil>
}
