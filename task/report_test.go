package task_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

var errDisk = errors.New("disk full")

// logTo makes h the default logger's handler until the test ends.
func logTo(t *testing.T, h slog.Handler) {
	before := slog.Default()
	slog.SetDefault(slog.New(h))
	t.Cleanup(func() { slog.SetDefault(before) })
}

// logged returns what the default logger writes until the test ends.
func logged(t *testing.T) *bytes.Buffer {
	out := new(bytes.Buffer)
	logTo(t, slog.NewTextHandler(out, nil))
	return out
}

// A report goes to the innermost Unobserved function of what the ctx comes from, with that.
func TestReport(t *testing.T) {
	type heard struct {
		by, of string
		err    error
	}
	var all []heard
	hear := func(by string) task.Option {
		return task.Unobserved(func(i task.Info, err error) { all = append(all, heard{by, i.Name, err}) })
	}
	errOwn := errors.New("own")
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		task.Report(ctx, errDisk)
		_ = task.Group(ctx, func(ctx context.Context) error {
			task.Report(context.WithoutCancel(ctx), nil, errDisk, errOwn)
			_, err := task.Start(ctx, func(ctx context.Context) error { task.Report(ctx, errOwn); return nil }, task.Name("child")).Await(ctx)
			return err
		}, hear("group"), task.Name("group"))
		return none{}, nil
	}, hear("run"), task.Name("run"))
	require.NoError(t, err)
	assert.Equal(t, []heard{{"run", "run", errDisk}, {"group", "group", errDisk}, {"group", "group", errOwn}, {"group", "child", errOwn}}, all)
}

func TestReportLogs(t *testing.T) {
	out := logged(t)
	task.Report(t.Context(), errDisk)
	assert.Regexp(t, `^time=\S+ level=ERROR msg="an error that no call returns" err="disk full"\n$`, out.String())
}

// A panicky is a ctx and the handler of a logger, and panics as both.
type panicky struct {
	context.Context
	slog.Handler
}

func (panicky) Value(any) any                            { panic("ctx") }
func (panicky) Enabled(context.Context, slog.Level) bool { panic("logger") }

func TestReportToAPanickyContext(t *testing.T) {
	out := logged(t)
	task.Report(panicky{}, errDisk)
	assert.Contains(t, out.String(), "panic: ctx")
	assert.Contains(t, out.String(), `err="disk full"`)
}

func TestReportToAPanickyLogger(t *testing.T) {
	logTo(t, panicky{})
	assert.NotPanics(t, func() { task.Report(t.Context(), errDisk) })
	assert.NotPanics(t, func() { task.Report(panicky{}, errDisk) })
}

// An exiting is a ctx that calls Goexit.
type exiting struct{ context.Context }

func (exiting) Value(any) any { runtime.Goexit(); return nil }

func TestReportToACtxThatExits(t *testing.T) {
	out := logged(t)
	task.Report(exiting{}, errDisk)
	assert.Contains(t, out.String(), `err="disk full"`)
}

// A report that exits keeps neither the caller nor the other reports.
func TestReportThatExits(t *testing.T) {
	var heard []error
	exits := task.Unobserved(func(_ task.Info, err error) { heard = append(heard, err); runtime.Goexit() })
	errOwn := errors.New("own")
	logged(t) // what is said of the Goexit
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		task.Report(ctx, errDisk, errOwn)
		task.Report(ctx, errDisk)
		return 7, nil
	}, exits)
	assert.NoError(t, err)
	assert.Equal(t, []error{errDisk, errOwn, errDisk}, heard)
}

// An errorThatExits ends the goroutine that asks for its text.
type errorThatExits struct{}

func (errorThatExits) Error() string { runtime.Goexit(); return "" }

// An error that the logger cannot write is not lost without a word.
func TestReportOfAnErrorThatExits(t *testing.T) {
	logged(t)
	name := filepath.Join(t.TempDir(), "stderr")
	out, err := os.Create(name)
	require.NoError(t, err)
	before := os.Stderr
	os.Stderr = out
	task.Report(t.Context(), errorThatExits{})
	os.Stderr = before
	require.NoError(t, out.Close())
	said, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Contains(t, string(said), "task_test.errorThatExits")
	assert.Contains(t, string(said), task.ErrGoexit.Error())
}
