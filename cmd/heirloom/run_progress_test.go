//go:build unix || windows

package main

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestTimeLeft(t *testing.T) {
	for _, tt := range []struct {
		reason string
		counts jobs.Counts
		want   string
	}{
		{"nothing has ended", jobs.Counts{Running: 8, Known: 16, Final: true}, ""},
		{"nobody knows how many there are", jobs.Counts{OK: 8, Running: 8, Known: 16}, ""},
		{"all have ended", jobs.Counts{OK: 16, Known: 16, Final: true}, ""},
		{"the first of the first half", jobs.Counts{OK: 1, Running: 8, Known: 16, Final: true}, ", 2h12m0s left"},
		{"the first half", jobs.Counts{OK: 8, Known: 16, Final: true}, ", 1h0m0s left"},
		{"the last one runs", jobs.Counts{OK: 1, Running: 1, Known: 2, Final: true}, ", 20m0s left"},
		{"those of an earlier run took no time", jobs.Counts{Resumed: 8, OK: 4, Known: 16, Final: true}, ", 1h0m0s left"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProgressBar(io.Discard)
				p.started = time.Now()
				p.counts.Store(&tt.counts)
				time.Sleep(time.Hour)
				assert.Equal(t, tt.want, p.left())
			})
		})
	}
}
