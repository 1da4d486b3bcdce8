package ctxnats_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxnats"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

func greeting() string { return "hello, " + user.Get() }

// The handler reads the user that the publisher has set, over a real server.
func Example() {
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		log.Fatal(err)
	}
	ns.Start()
	defer ns.WaitForShutdown()
	defer ns.Shutdown()
	ns.ReadyForConnections(time.Minute)
	nc, err := nats.Connect(ns.ClientURL())
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()

	ctx := context.Background()
	wire := ctxnats.New(ctxwire.String(user, "X-User"))
	_, err = nc.Subscribe("greet", wire.Handler(ctx, func(_ context.Context, msg *nats.Msg) {
		if err := msg.Respond([]byte(greeting())); err != nil {
			log.Print(err)
		}
	}))
	if err != nil {
		log.Fatal(err)
	}

	greet := func() {
		request := nats.NewMsg("greet")
		err := wire.Send(ctx, request, func(context.Context) error {
			reply, err := nc.RequestMsg(request, time.Minute)
			if err == nil {
				fmt.Println(string(reply.Data))
			}
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	greet()
	user.With("ada", greet)
	user.With("two\nlines", greet)
	// Output:
	// hello, nobody
	// hello, ada
	// ctxnats: user as X-User: value has characters that this protocol can't carry as they are: encode it, with Func
}
