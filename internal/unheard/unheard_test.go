package unheard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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
