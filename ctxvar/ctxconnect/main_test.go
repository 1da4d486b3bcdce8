package ctxconnect_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// A text is the message of all RPCs in the tests.
type text = wrapperspb.StringValue

func say(s string) *text { return wrapperspb.String(s) }

// A service answers each RPC, and each message of a stream, with what answer returns.
type service struct {
	answer func(ctx context.Context) (string, error)
}

// serve starts a server of s, over HTTP/2 with TLS, that is stopped at the end of the test.
func (s *service) serve(t testing.TB, opts ...connect.HandlerOption) *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle("/s/Unary", connect.NewUnaryHandler("/s/Unary",
		func(ctx context.Context, _ *connect.Request[text]) (*connect.Response[text], error) {
			answer, err := s.answer(ctx)
			if err != nil {
				return nil, err
			}
			return connect.NewResponse(say(answer)), nil
		}, opts...))
	mux.Handle("/s/Upload", connect.NewClientStreamHandler("/s/Upload",
		func(ctx context.Context, stream *connect.ClientStream[text]) (*connect.Response[text], error) {
			answers := ""
			for stream.Receive() {
				answer, err := s.answer(ctx)
				if err != nil {
					return nil, err
				}
				answers += answer + ";"
			}
			return connect.NewResponse(say(answers)), stream.Err()
		}, opts...))
	mux.Handle("/s/Duplex", connect.NewBidiStreamHandler("/s/Duplex",
		func(ctx context.Context, stream *connect.BidiStream[text, text]) error {
			for {
				if _, err := stream.Receive(); errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
				answer, err := s.answer(ctx)
				if err == nil {
					err = stream.Send(say(answer))
				}
				if err != nil {
					return err
				}
			}
		}, opts...))
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// clients are the clients of one server.
type clients struct{ unary, upload, duplex *connect.Client[text, text] }

func dial(server *httptest.Server, opts ...connect.ClientOption) clients {
	client := func(method string) *connect.Client[text, text] {
		return connect.NewClient[text, text](server.Client(), server.URL+"/s/"+method, opts...)
	}
	return clients{client("Unary"), client("Upload"), client("Duplex")}
}

// callAll makes an RPC of each kind. It returns the answer, which must be the same for
// all kinds, and the headers of the unary response.
func (c clients) callAll(t *testing.T, ctx context.Context) (string, http.Header) {
	t.Helper()
	resp, err := c.unary.CallUnary(ctx, connect.NewRequest(say("")))
	if !assert.NoError(t, err) {
		return err.Error(), nil
	}
	answer := resp.Msg.GetValue()

	up := c.upload.CallClientStream(ctx)
	for range 2 {
		assert.NoError(t, up.Send(say("")))
	}
	sum, err := up.CloseAndReceive()
	if assert.NoError(t, err) {
		assert.Equal(t, answer+";"+answer+";", sum.Msg.GetValue())
	}

	duplex := c.duplex.CallBidiStream(ctx)
	for range 2 {
		assert.NoError(t, duplex.Send(say("")))
		m, err := duplex.Receive()
		assert.NoError(t, err)
		assert.Equal(t, answer, m.GetValue())
	}
	assert.NoError(t, duplex.CloseRequest())
	_, err = duplex.Receive()
	assert.ErrorIs(t, err, io.EOF)
	assert.NoError(t, duplex.CloseResponse())
	return answer, resp.Header()
}
