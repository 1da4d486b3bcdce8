package ctxconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxconnect"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

func greeting() string { return "hello, " + user.Get() }

// The handler reads the user that the client has set, over a real server. Code that is
// written by hand here is usually generated.
func Example() {
	fields := connect.WithInterceptors(ctxconnect.Interceptor(ctxwire.String(user, "X-User")))

	mux := http.NewServeMux()
	mux.Handle("/greet.v1/Greet", connect.NewUnaryHandler("/greet.v1/Greet",
		func(context.Context, *connect.Request[emptypb.Empty]) (*connect.Response[wrapperspb.StringValue], error) {
			return connect.NewResponse(wrapperspb.String(greeting())), nil
		}, fields))
	server := httptest.NewServer(mux)
	defer server.Close()

	client := connect.NewClient[emptypb.Empty, wrapperspb.StringValue](server.Client(), server.URL+"/greet.v1/Greet", fields)
	greet := func() {
		resp, err := client.CallUnary(context.Background(), connect.NewRequest(&emptypb.Empty{}))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(resp.Msg.GetValue())
	}
	greet()
	user.With("ada", greet)
	user.With("two\nlines", greet)
	// Output:
	// hello, nobody
	// hello, ada
	// internal: ctxconnect: user as X-User: value has characters that this protocol can't carry as they are: encode it, with Func
}
