package ctxvar_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var user = ctxvar.New("user", ctxvar.Identity[string](), ctxvar.Default("nobody"))

// mustUser returns the error that MustGet panics with.
func mustUser(t *testing.T) error {
	t.Helper()
	var err *ctxvar.LookupError
	require.ErrorAs(t, recovered(func() { user.MustGet() }).(error), &err)
	assert.Equal(t, "user", err.Var)
	assert.ErrorIs(t, err, ctxvar.ErrUnset)
	return err
}

// isNobody asserts that user has no value here, and for which reason.
func isNobody(t *testing.T, why error) {
	t.Helper()
	assert.Equal(t, "nobody", user.Get())
	assert.Equal(t, "default", user.GetOr("default"))
	_, ok := user.Lookup()
	assert.False(t, ok, "the default is no identity")
	c := ctxvar.Copy()
	_, ok = user.In(c)
	assert.False(t, ok)
	assert.False(t, c.Contains(user))
	_, ok = user.LookupIn(c)
	assert.False(t, ok)
	for v := range c.All() {
		assert.NotEqual(t, "user", v.Name())
	}
	err := mustUser(t)
	if why != nil {
		assert.ErrorIs(t, err, why)
	} else {
		assert.NoError(t, err.(*ctxvar.LookupError).Why)
	}
}

func isUser(t *testing.T, want string) {
	t.Helper()
	assert.Equal(t, want, user.Get())
	assert.Equal(t, want, user.MustGet())
	assert.Equal(t, want, user.GetOr("default"))
	c := ctxvar.Copy()
	got, ok := user.In(c)
	assert.True(t, ok)
	assert.Equal(t, want, got)
	assert.True(t, c.Contains(user))
	assert.Equal(t, 1, c.Len())
	assert.True(t, c.Equal(ctxvar.Copy()))
}

func TestIdentityWithinItsWork(t *testing.T) {
	ctxvar.Work(func() {
		isNobody(t, nil)
		tok := user.Set("alice")
		isUser(t, "alice")
		assert.Nil(t, inGoroutine(func() { isUser(t, "alice") }))
		ctx := ctxvar.NewContext(t.Context())
		ctxvar.RunFrom(ctx, func() { isUser(t, "alice") })
		_, err := task.Run(t.Context(), func(context.Context) (int, error) { isUser(t, "alice"); return 0, nil })
		require.NoError(t, err)
		_, err = gather.All(t.Context(), func(context.Context) (int, error) { isUser(t, "alice"); return 0, nil })
		require.NoError(t, err)
		user.With("bob", func() { isUser(t, "bob") })
		isUser(t, "alice")
		inner := user.Set("carol")
		old, ok := inner.OldValue()
		assert.True(t, ok)
		assert.Equal(t, "alice", old)
		inner.Reset()
		tok.Reset()
		isNobody(t, nil)
	})
	isNobody(t, nil)
}

// A lazily started worker has no identity once the request that started it is over, and
// the job's identity in a job.
func TestIdentityOfAGoroutineThatOutlivesItsWork(t *testing.T) {
	var do func(func())
	ctxvar.Work(func() {
		user.Set("alice")
		var stop func()
		do, stop = lazyWorker()
		t.Cleanup(stop)
		do(func() { isUser(t, "alice") })
	})
	do(func() { isNobody(t, ctxvar.ErrOutlived) })
	var over context.Context
	ctxvar.Work(func() {
		user.Set("bob")
		over = ctxvar.NewContext(t.Context())
		do(func() {
			isNobody(t, ctxvar.ErrOutlived)
			ctxvar.RunFrom(over, func() { isUser(t, "bob") })
			isNobody(t, ctxvar.ErrOutlived)
		})
	})
	do(func() { ctxvar.RunFrom(over, func() { isNobody(t, ctxvar.ErrWorkOver) }) })
	c, ok := ctxvar.FromContext(over)
	require.True(t, ok)
	_, ok = user.In(c)
	assert.False(t, ok, "nor is it to be had of the snapshot")
	assert.Zero(t, c.Len())
}

// A server that a test started as admin serves no request as admin.
func TestIdentitySetBeforeTheWork(t *testing.T) {
	user.Set("admin")
	region.Set("eu")
	isUserAmongOthers := func() { assert.Equal(t, "admin", user.MustGet()) }
	isUserAmongOthers()
	ctxvar.Work(func() {
		isNobody(t, ctxvar.ErrOtherWork)
		assert.Equal(t, "eu", region.Get(), "others stay")
		user.Set("alice")
		assert.Equal(t, "alice", user.Get())
		ctxvar.Work(func() { isNobody(t, ctxvar.ErrOtherWork) })
	})
	isUserAmongOthers()
	ctxvar.Copy().Run(isUserAmongOthers)
	assert.Nil(t, inGoroutine(func() { isNobody(t, ctxvar.ErrOtherWork) }), "outside of a work it is the goroutine's alone")
}

// A token does not return an identity from before the work, or from the work after its
// end.
func TestIdentityThatATokenReplaced(t *testing.T) {
	user.Set("admin")
	var within *ctxvar.Token[string]
	ctxvar.Work(func() {
		tok := user.Set("alice")
		_, ok := tok.OldValue()
		assert.False(t, ok, "it was not set in this work")
		within = user.Set("bob")
		old, ok := within.OldValue()
		assert.True(t, ok)
		assert.Equal(t, "alice", old)
		ctxvar.Detach(func() {
			_, ok = within.OldValue()
			assert.False(t, ok)
		})
		within.Reset()
		tok.Reset()
		isNobody(t, ctxvar.ErrOtherWork)
	})
	_, ok := within.OldValue()
	assert.False(t, ok, "the work is over")
	assert.Equal(t, "admin", user.MustGet(), "a Reset gives back what was not readable")
}

// Another variable's default is among its values.
func TestLookupIn(t *testing.T) {
	plain := ctxvar.New("plain", ctxvar.Default("default"))
	for _, want := range []string{"default", "set"} {
		value, ok := plain.LookupIn(ctxvar.Copy())
		assert.True(t, ok)
		assert.Equal(t, want, value)
		defer plain.Set("set").Reset()
	}
}
