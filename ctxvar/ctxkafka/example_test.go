package ctxkafka_test

import (
	"context"
	"fmt"
	"log"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxkafka"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

func greeting() string { return "hello, " + user.Get() }

// The code that handles the record reads the user that the producer has set, by way of a
// broker.
func Example() {
	broker := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "greetings"))
	defer broker.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.ListenAddrs()...), kgo.ConsumeTopics("greetings"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MaxVersions(kversion.V3_6_0()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx := context.Background()
	wire := ctxkafka.New(ctxwire.String(user, "X-User"))
	produce := func() {
		wire.Produce(ctx, client, &kgo.Record{Topic: "greetings"}, func(_ *kgo.Record, err error) {
			if err != nil {
				fmt.Println(err)
			}
		})
	}
	produce()
	user.With("ada", produce)
	user.With("two\nlines", produce)
	if err := client.Flush(ctx); err != nil {
		log.Fatal(err)
	}

	for n := 0; n < 2; {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			n++
			err := wire.Receive(ctx, r, func(context.Context) error {
				fmt.Println(greeting())
				return nil
			})
			if err != nil {
				log.Print(err)
			}
		})
	}
	// Output:
	// ctxkafka: user as X-User: value has characters that this protocol can't carry as they are: encode it, with Func
	// hello, nobody
	// hello, ada
}
