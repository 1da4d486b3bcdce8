package hubkey_test

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

// connect opens the engine of a hub on another machine, with the files that were copied
// from there.
func connect(ctx context.Context, url string) (remote.Engine, error) {
	tokenFile, err := hubkey.Path(hubkey.Token)
	if err != nil {
		return nil, err
	}
	certificate, err := hubkey.Path(hubkey.Certificate)
	if err != nil {
		return nil, err
	}
	token, err := hubkey.ReadToken(tokenFile)
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(url, nats.Token(token), nats.RootCAs(certificate), nats.MaxReconnects(-1))
	if err != nil {
		return nil, err
	}
	return remotenats.New(ctx, nc)
}

// A program connects to a heirloom-hub.
func Example() {
	engine, err := connect(context.Background(), "nats://hub:4222")
	if err != nil {
		fmt.Println("no functions on other machines:", err)
		return
	}
	defer remote.Through(engine).Reset()
	// ... calls of remote functions ...
}
