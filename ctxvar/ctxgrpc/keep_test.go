package ctxgrpc_test

import (
	"context"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A session is a value that should not be kept.
type session [64 << 10]byte

var currentSession = ctxvar.New[*session]("session")

// aliveAfter calls fn with a session set, in a goroutine that ends, and reports
// whether something keeps the session alive after that, for as long as it has patience.
func aliveAfter(patience time.Duration, fn func()) bool {
	var s weak.Pointer[session]
	done := make(chan struct{})
	go func() {
		defer close(done)
		value := new(session)
		s = weak.Make(value)
		currentSession.Set(value)
		fn()
	}()
	<-done
	return !collected(&s, patience)
}

// collected reports whether the session becomes garbage. One collection is enough for an
// unreachable value, but a goroutine that is about to end may keep it a little longer.
func collected(s *weak.Pointer[session], patience time.Duration) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		if s.Value() == nil {
			return true
		}
	}
	return false
}

// The first call opens a client's connection, but in goroutines that descend from the
// maker of the client. So the connection keeps nothing of the call.
func TestConnectionsKeepNothing(t *testing.T) {
	svc := &service{unary: func(context.Context) (string, error) { return "", nil }}
	addr := serve(t, svc, fields)
	client := dial(t, addr, fields)
	for range 2 {
		assert.False(t, aliveAfter(time.Minute, func() {
			_, err := call(t.Context(), client)
			assert.NoError(t, err)
		}))
	}

	connect := func() {
		conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if assert.NoError(t, err) {
			t.Cleanup(func() { conn.Close() })
			_, err = call(t.Context(), pb.NewTestServiceClient(conn))
			assert.NoError(t, err)
		}
	}
	assert.True(t, aliveAfter(time.Second, connect), "a client that is made in a request keeps its values")
	assert.False(t, aliveAfter(time.Minute, func() { ctxvar.Detach(connect) }))
}

// Nor does a server's goroutine keep anything, between RPCs.
func TestServersKeepNothing(t *testing.T) {
	var s weak.Pointer[session]
	svc := &service{unary: func(context.Context) (string, error) {
		value := new(session)
		s = weak.Make(value)
		currentSession.Set(value)
		return "", nil
	}}
	client := dial(t, serve(t, svc, fields, grpc.NumStreamWorkers(1)), fields)
	_, err := call(t.Context(), client)
	assert.NoError(t, err)
	assert.True(t, collected(&s, time.Minute), "the worker keeps the session")
}
