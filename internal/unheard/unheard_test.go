package unheard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/unheard"
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

func TestReportAsksTheContext(t *testing.T) {
	var heard []error
	ctx := context.WithValue(t.Context(), unheard.Key{}, func(err error) { heard = append(heard, err) })
	unheard.Report(ctx, errDisk)
	assert.Equal(t, []error{errDisk}, heard)
}

func TestReportLogs(t *testing.T) {
	out := logged(t)
	unheard.Report(t.Context(), errDisk)
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
	unheard.Report(panicky{}, errDisk)
	assert.Contains(t, out.String(), "panic=ctx")
	assert.Contains(t, out.String(), `err="disk full"`)
}

func TestReportToAPanickyLogger(t *testing.T) {
	logTo(t, panicky{})
	assert.NotPanics(t, func() { unheard.Report(t.Context(), errDisk) })
	assert.NotPanics(t, func() { unheard.Report(panicky{}, errDisk) })
}

// An exiting is a ctx that calls Goexit.
type exiting struct{ context.Context }

func (exiting) Value(any) any { runtime.Goexit(); return nil }

func TestReportToACtxThatExits(t *testing.T) {
	out := logged(t)
	unheard.Report(exiting{}, errDisk)
	assert.Contains(t, out.String(), `err="disk full"`)
}

// A report that exits keeps neither the caller nor the other reports.
func TestReportAllThatExits(t *testing.T) {
	var heard []error
	ctx := context.WithValue(t.Context(), unheard.Key{}, func(err error) { heard = append(heard, err); runtime.Goexit() })
	errOwn := errors.New("own")
	unheard.ReportAll(ctx, []error{errDisk, errOwn})
	unheard.Report(ctx, errDisk)
	assert.Equal(t, []error{errDisk, errOwn, errDisk}, heard)
}
