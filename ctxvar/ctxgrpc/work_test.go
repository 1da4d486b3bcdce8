package ctxgrpc_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var caller = ctxvar.New("caller", ctxvar.Identity[string]())

// who returns the user for whom the current work is done.
func who() string {
	u, ok := caller.Lookup()
	if !ok {
		return "nobody"
	}
	return u
}

// A server that a user's goroutine started serves no RPC in that user's name. What a
// handler sets without a reset is gone after the RPC, also in workers that serve many.
func TestServerHandsOnNoIdentity(t *testing.T) {
	ctxvar.Work(func() {
		caller.Set("admin")
		late := make(chan context.Context, 1)
		svc := &service{unary: func(ctx context.Context) (string, error) {
			found := who()
			caller.Set("alice")
			late <- ctxvar.NewContext(ctx)
			return found, nil
		}}
		client := dial(t, serve(t, svc, nil, grpc.NumStreamWorkers(1)), nil)
		for range 3 {
			got, err := call(t.Context(), client)
			require.NoError(t, err)
			assert.Equal(t, "nobody", got)
			c, ok := ctxvar.FromContext(<-late)
			require.True(t, ok)
			c.Run(func() { assert.Equal(t, "nobody", who(), "the RPC has ended, and its identity with it") })
		}
		assert.Equal(t, "admin", who())
	})
}

// What a client has sent is an identity within the RPC. A worker that another RPC has
// started makes calls in the name of the ctx that it is given.
func TestWorkersCallByCtx(t *testing.T) {
	userField := []ctxwire.Field{ctxwire.String(caller, "x-user")}
	last := &service{unary: func(context.Context) (string, error) { return who(), nil }}
	toLast := dial(t, serve(t, last, userField), userField)

	type job struct {
		ctx  context.Context
		done chan string
	}
	jobs := make(chan job)
	defer close(jobs)
	started := false
	first := &service{unary: func(ctx context.Context) (string, error) {
		if !started { // lazily, in the RPC that comes first
			started = true
			go func() {
				for j := range jobs {
					got, err := call(j.ctx, toLast)
					assert.NoError(t, err)
					j.done <- got
				}
			}()
		}
		j := job{ctx, make(chan string)}
		jobs <- j
		return who() + " " + <-j.done, nil
	}}
	client := dial(t, serve(t, first, userField), userField)
	for _, name := range []string{"alice", "bob"} {
		ctxvar.Work(func() {
			caller.Set(name)
			got, err := call(t.Context(), client)
			require.NoError(t, err)
			assert.Equal(t, name+" "+name, got)
		})
	}
}

// The functions that the client's other interceptors, and grpc itself, call read the
// values that are sent, in the goroutine and in the ctx.
func TestCallRunsWithWhatIsSent(t *testing.T) {
	elsewhere := make(chan context.Context, 1)
	go tenant.With("bravo", func() { elsewhere <- ctxvar.NewContext(t.Context()) })
	defer tenant.Set("acme").Reset()
	err := ctxgrpc.UnaryClientInterceptor()(<-elsewhere, "/s/m", nil, nil, nil,
		func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			c, ok := ctxvar.FromContext(ctx)
			require.True(t, ok)
			carried, _ := tenant.In(c)
			assert.Equal(t, "bravo bravo", tenant.Get()+" "+carried)
			return nil
		})
	require.NoError(t, err)
	assert.Equal(t, "acme", tenant.Get())
}
