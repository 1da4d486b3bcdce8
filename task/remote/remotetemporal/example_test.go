package remotetemporal_test

import (
	"context"
	"fmt"
	"log"

	"go.temporal.io/sdk/client"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotetemporal"
)

var square = remote.New("square", func(_ context.Context, n int) (int, error) { return n * n, nil })

// Both ends in one program, with the server of `temporal server start-dev`.
func Example() {
	c, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	engine := remotetemporal.New(c)

	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- remote.Serve(ctx, engine, []remote.Callable{square}) }()

	squares, err := gather.Map(ctx, []int{1, 2, 3}, square.On(engine))
	fmt.Println(squares, err)
	stop()
	fmt.Println(<-served)
}
