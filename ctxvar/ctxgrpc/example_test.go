package ctxgrpc_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

// greeter is a service that knows nothing of metadata.
type greeter struct {
	pb.UnimplementedTestServiceServer
}

func (greeter) UnaryCall(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return &pb.SimpleResponse{Username: greeting()}, nil
}

func greeting() string { return "hello, " + user.Get() }

// The server reads the user that the client has set, over a real connection.
func Example() {
	sent := ctxwire.String(user, "x-user")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(ctxgrpc.ServerOptions(sent)...)
	pb.RegisterTestServiceServer(server, greeter{})
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	defer serving.Wait()
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(), append(ctxgrpc.DialOptions(sent),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := pb.NewTestServiceClient(conn)

	greet := func() {
		resp, err := client.UnaryCall(context.Background(), &pb.SimpleRequest{})
		fmt.Println(resp.GetUsername(), err)
	}
	greet()
	user.With("ada", greet)
	user.With("two\nlines", greet)
	// Output:
	// hello, nobody <nil>
	// hello, ada <nil>
	//  ctxgrpc: user as x-user: value has characters that this protocol can't carry as they are: encode it, with Func, or choose a key that ends with "-bin"
}
