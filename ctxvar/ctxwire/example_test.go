package ctxwire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

// An adapter in a few lines, for the messages of a queue, which the program turns into
// JSON.
func Example() {
	type message struct {
		Headers ctxwire.Map
		Text    string
	}
	wire := ctxwire.NewWire(ctxwire.Protocol{Name: "queue"}, ctxwire.String(user, "user"))

	send := func(ctx context.Context, text string) (data []byte, err error) {
		m := message{Headers: ctxwire.Map{}, Text: text}
		err = wire.Send(ctx, m.Headers, func(context.Context) error {
			data, err = json.Marshal(m)
			return err
		})
		return data, err
	}
	receive := func(ctx context.Context, data []byte) error {
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		return wire.Receive(ctx, m.Headers, nil, func(ctx context.Context) error {
			fmt.Println(user.Get(), "says", m.Text)
			return nil
		})
	}

	var data []byte
	user.With("ada", func() { data, _ = send(context.Background(), "hello") })
	fmt.Println(string(data))
	fmt.Println(receive(context.Background(), data))
	fmt.Println(user.Get())
	// Output:
	// {"Headers":{"user":"ada"},"Text":"hello"}
	// ada says hello
	// <nil>
	// nobody
}

var priority = ctxvar.New("priority", ctxvar.Default(5))

// Func is for types other than strings, and for a check of incoming values.
func ExampleFunc() {
	field := ctxwire.Func(priority, "priority",
		func(n int) (string, error) { return strconv.Itoa(n), nil },
		func(text string) (int, error) {
			n, err := strconv.Atoi(text)
			if err == nil && (n < 0 || n > 9) {
				err = fmt.Errorf("priority %d is not in 0..9", n)
			}
			return n, err
		},
		ctxwire.OnRefused(func(err *ctxwire.FieldError) { fmt.Println(err) }))

	wire := ctxwire.NewWire(ctxwire.Protocol{Name: "queue"}, field)
	for _, sent := range []string{"7", "12"} {
		wire.Receive(context.Background(), ctxwire.Map{"priority": sent}, nil, func(context.Context) error {
			fmt.Println(sent, "is", priority.Get())
			return nil
		})
	}
	// Output:
	// 7 is 7
	// queue: priority as priority: priority 12 is not in 0..9
	// 12 is 5
}
