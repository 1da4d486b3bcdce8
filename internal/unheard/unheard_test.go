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

func TestReportAsksTheContext(t *testing.T) {
	var heard []error
	ctx := context.WithValue(t.Context(), unheard.Key{}, func(err error) { heard = append(heard, err) })
	unheard.Report(ctx, errDisk)
	assert.Equal(t, []error{errDisk}, heard)
}

func TestReportLogs(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
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
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	unheard.Report(panicky{}, errDisk)
	assert.Contains(t, out.String(), "panic=ctx")
	assert.Contains(t, out.String(), `err="disk full"`)
}

func TestReportToAPanickyLogger(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(panicky{}))
	defer slog.SetDefault(before)
	assert.NotPanics(t, func() { unheard.Report(t.Context(), errDisk) })
	assert.NotPanics(t, func() { unheard.Report(panicky{}, errDisk) })
}

// An exiting is a ctx that calls Goexit.
type exiting struct{ context.Context }

func (exiting) Value(any) any { runtime.Goexit(); return nil }

func TestReportToACtxThatExits(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
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
