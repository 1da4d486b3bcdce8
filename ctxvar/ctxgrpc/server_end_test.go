package ctxgrpc_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// A panic reaches the interceptors around it, which have their own variables again by
// then, and the goroutine's next RPC finds nothing of it.
func TestPanics(t *testing.T) {
	type mark struct{ unary, stream string }
	var outside mark
	recoverUnary := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
		defer func() {
			if v := recover(); v != nil {
				outside.unary = whoami()
				err = status.Error(codes.Aborted, fmt.Sprint(v))
			}
		}()
		return handler(ctx, req)
	}
	recoverStream := func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		defer func() {
			if v := recover(); v != nil {
				outside.stream = whoami()
				err = status.Error(codes.Aborted, fmt.Sprint(v))
			}
		}()
		return handler(srv, stream)
	}
	fail := true
	svc := &service{
		unary: func(ctx context.Context) (string, error) {
			found := whoami()
			locale.Set("left over")
			if fail {
				panic("unary " + found)
			}
			return found, nil
		},
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			locale.Set("left over")
			panic("stream " + requestID.Get())
		},
	}
	client := dial(t, serve(t, svc, fields, grpc.NumStreamWorkers(1),
		grpc.ChainUnaryInterceptor(recoverUnary), grpc.ChainStreamInterceptor(recoverStream)), fields)
	defer requestID.Set("r1").Reset()

	_, err := call(t.Context(), client)
	assert.Equal(t, status.Error(codes.Aborted, "unary r1 public "), err)

	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = stream.Recv()
	assert.Equal(t, status.Error(codes.Aborted, "stream r1"), err)
	assert.Equal(t, mark{" public ", " public "}, outside)

	fail = false
	requestID.Set("r2")
	got, err := call(t.Context(), client)
	require.NoError(t, err)
	assert.Equal(t, "r2 public ", got)
}

// When the client has gone, its handler still has the variables, so that it can say
// whose work has ended. It leaves none behind.
func TestCancellation(t *testing.T) {
	started := make(chan struct{}, 1)
	ended := make(chan string, 1)
	wait := func(ctx context.Context) error {
		started <- struct{}{}
		<-ctx.Done()
		cause := ctx.Err()
		locale.Set("left over")
		ended <- whoami()
		return cause
	}
	svc := &service{
		unary: func(ctx context.Context) (string, error) { return whoami(), wait(ctx) },
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			return wait(stream.Context())
		},
	}
	client := dial(t, serve(t, svc, fields, grpc.NumStreamWorkers(1)), fields)
	requestID.Set("r1")
	for _, kind := range []string{"unary", "stream", "unary"} {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			if kind == "unary" {
				_, err := call(ctx, client)
				failed <- err
				return
			}
			stream, err := client.FullDuplexCall(ctx)
			if err == nil {
				_, err = stream.Recv()
			}
			failed <- err
		}()
		<-started
		cancel()
		assert.Equal(t, codes.Canceled, status.Code(<-failed), kind)
		assert.Equal(t, "r1 public left over", <-ended, kind)
		requestID.Set("r1")
	}
}
