package ctxgrpc_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

// greeter is a service whose code knows nothing of metadata.
type greeter struct {
	pb.UnimplementedTestServiceServer
}

func (greeter) UnaryCall(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return &pb.SimpleResponse{Username: greeting()}, nil
}

func greeting() string { return "hello, " + user.Get() }

// The user that the client has set is set in the server, over a real connection.
func Example() {
	sent := ctxgrpc.String(user, "x-user")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(ctxgrpc.UnaryServerInterceptor(sent)))
	pb.RegisterTestServiceServer(server, greeter{})
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	defer serving.Wait()
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(ctxgrpc.UnaryClientInterceptor(sent)))
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
	//  ctxgrpc: user as x-user: value has characters that can't be sent, or a space at its start or end: choose a key that ends with "-bin"
}

var priority = ctxvar.New("priority", ctxvar.Default(5))

// Func is for other types than strings, and for a check of what comes in.
func ExampleFunc() {
	field := ctxgrpc.Func(priority, "x-priority",
		func(n int) (string, error) { return strconv.Itoa(n), nil },
		func(text string) (int, error) {
			n, err := strconv.Atoi(text)
			if err == nil && (n < 0 || n > 9) {
				err = fmt.Errorf("priority %d is not in 0..9", n)
			}
			return n, err
		})

	intercept := ctxgrpc.UnaryServerInterceptor(field)
	for _, sent := range []string{"7", "12", "high"} {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("x-priority", sent))
		intercept(ctx, nil, nil, func(context.Context, any) (any, error) {
			fmt.Println(sent, "is", priority.Get())
			return nil, nil
		})
	}
	// Output:
	// 7 is 7
	// 12 is 5
	// high is 5
}
