package verdict_test

import (
	"context"
	"io/fs"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// own is a ctx that is done and that package context does not know.
type own struct{ context.Context }

func (own) Err() error { return errDisk }

// silent is one that does not say why.
type silent struct{ context.Context }

func (silent) Err() error { return nil }

func TestInterrupted(t *testing.T) {
	with := func(cause error) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		return ctx
	}
	assert.Equal(t, context.Canceled, verdict.Interrupted(with(nil)), "there is no cause to add")
	both := verdict.Interrupted(with(errStop))
	assert.ErrorIs(t, both, context.Canceled)
	assert.ErrorIs(t, both, errStop)
	assert.Equal(t, says{context.Canceled}, verdict.Interrupted(with(says{context.Canceled})), "the cause says it all")

	assert.ErrorIs(t, verdict.Interrupted(with(exits{})), exits{}, "nobody has asked it for its text")
	var typedNil *fs.PathError
	assert.ErrorIs(t, verdict.Interrupted(with(typedNil)), context.Canceled, "its methods panic")

	for method, do := range map[string]func(){"panics": func() { panic("asked") }, "exits": runtime.Goexit} {
		assert.ErrorIs(t, verdict.Interrupted(with(&mute{errDisk, do})), context.Canceled, "its methods: %s", method)
	}

	late, stop := context.WithDeadline(context.Background(), time.Now())
	defer stop()
	assert.Equal(t, context.DeadlineExceeded, verdict.Interrupted(late))
	assert.Equal(t, errDisk, verdict.Interrupted(own{context.Background()}))
	assert.Equal(t, context.Canceled, verdict.Interrupted(silent{context.Background()}))
}
