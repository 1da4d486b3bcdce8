package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var requestID = ctxvar.New[int]("request_id")

func respond(ctx context.Context) error {
	if err := task.Sleep(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Handling request with request_id:", requestID.MustGet())
	return nil
}

func handleRequest(id int) task.Func[struct{}] {
	return func(ctx context.Context) (struct{}, error) {
		defer requestID.Set(id).Reset()
		return struct{}{}, respond(ctx)
	}
}

func requests(ctx context.Context) error {
	_, err := gather.All(ctx, handleRequest(0), handleRequest(1), handleRequest(2))
	return err
}
