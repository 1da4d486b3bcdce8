package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
)

var (
	user    = ctxvar.New("user", ctxvar.Default("nobody"))
	private = ctxvar.New("private", ctxvar.Default("unset"))
)

func init() { remote.Carry(ctxwire.String(user, "user")) }

var whoami = remote.New("whoami", func(context.Context, struct{}) ([]string, error) {
	return []string{user.Get(), private.Get()}, nil
})

// Without an engine, a job is isolated in the same way as with one.
func TestCallWithoutAnEngine(t *testing.T) {
	defer user.Set("ada").Reset()
	defer private.Set("the caller's").Reset()
	got, err := whoami.Call(t.Context(), struct{}{})
	require.NoError(t, err)
	assert.Equal(t, []string{"ada", "unset"}, got)
}

// A ctx from elsewhere is passed on purpose, so its values count.
func TestCallWithACtxThatCarriesValues(t *testing.T) {
	carried := make(chan context.Context, 1)
	go user.With("ada", func() { carried <- ctxvar.NewContext(t.Context()) })
	defer user.Set("bob").Reset()
	got, err := whoami.Call(<-carried, struct{}{})
	require.NoError(t, err)
	assert.Equal(t, "ada", got[0])
}

var pick = remote.New("pick", func(_ context.Context, how string) (any, error) {
	switch how {
	case "unencodable":
		return func() {}, nil
	case "panic":
		panic("pick panics")
	case "goexit":
		runtime.Goexit()
	}
	return how, nil
})

func TestErrorsWithoutAnEngine(t *testing.T) {
	_, err := pick.Call(t.Context(), "panic")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	_, err = pick.Call(t.Context(), "goexit")
	require.ErrorIs(t, err, task.ErrGoexit)
	_, err = pick.Call(t.Context(), "unencodable")
	require.ErrorContains(t, err, "encoding the result")

	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("closing time"))
	_, err = pick.Call(ended, "anything")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "closing time")
	var e *remote.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "pick", e.Func)
}

var unencodable = remote.New("unencodable", func(_ context.Context, f func()) (int, error) { return 0, nil })

func TestAnArgumentThatCannotBeSent(t *testing.T) {
	_, err := unencodable.Call(t.Context(), func() {})
	require.ErrorContains(t, err, "encoding the argument")
}

// picky is a result that panics while it is decoded, as a value from a foreign worker
// may.
type picky struct{}

func (picky) MarshalJSON() ([]byte, error) { return []byte(`"x"`), nil }
func (*picky) UnmarshalJSON([]byte) error  { panic("picky") }
func (picky) String() string               { return "picky" }

var returnsPicky = remote.New("returns-picky", func(context.Context, int) (picky, error) { return picky{}, nil })

func TestADecoderThatPanics(t *testing.T) {
	_, err := returnsPicky.Call(t.Context(), 0)
	require.ErrorContains(t, err, "decoding the result")
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
}

type upper struct{}

func (upper) Marshal(v any) ([]byte, error)      { return json.Marshal([]any{v}) }
func (upper) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, &[]any{v}) }

var encoded = remote.New("encoded", increment, remote.Encoding(upper{}))

func TestEncoding(t *testing.T) {
	got, err := encoded.Call(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, 2, got)
}

var sleeper = remote.New("sleeper", func(ctx context.Context, d time.Duration) (int, error) {
	return 0, task.Sleep(ctx, d)
})

func TestDeadlineWithoutAnEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := sleeper.Call(ctx, time.Hour)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestOutsideOfAJob(t *testing.T) {
	remote.Report([]byte("nobody hears it"))
	assert.Zero(t, remote.Delivery())
}

// If two fields have the same key, the later one is refused.
func TestCarryTwice(t *testing.T) {
	assert.Panics(t, func() { remote.Carry(ctxwire.String(private, "user")) })
	defer user.Set("ada").Reset()
	got, err := whoami.Call(t.Context(), struct{}{})
	require.NoError(t, err)
	assert.Equal(t, []string{"ada", "unset"}, got)
}
