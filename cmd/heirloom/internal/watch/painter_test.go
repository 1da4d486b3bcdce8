package watch_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
)

func TestPainterWritesWhatHasChanged(t *testing.T) {
	var out bytes.Buffer
	p := &watch.Painter{Out: &out, Colour: true}
	tests := []struct {
		reason string
		frame  []watch.Line
		want   string
	}{
		{"all, at first", []watch.Line{{Text: "ab"}, {Text: "cd"}}, "\x1b[2J\x1b[1;1Hab\x1b[K\x1b[2;1Hcd\x1b[K"},
		{"nothing, of the same", []watch.Line{{Text: "ab"}, {Text: "cd"}}, ""},
		{"a line", []watch.Line{{Text: "ab"}, {Text: "xy"}}, "\x1b[2;1Hxy\x1b[K"},
		{"a style", []watch.Line{{Text: "ab"}, {Text: "xy", Style: watch.Alert}}, "\x1b[2;1H\x1b[31mxy\x1b[0m\x1b[K"},
		{"a line that fills the width keeps its end", []watch.Line{{Text: "漢字ab"}, {Text: "xy", Style: watch.Alert}}, "\x1b[1;1H漢字ab"},
		{"what is selected is so over all the width", []watch.Line{{Text: "ab", Style: watch.Selected}, {Text: "xy", Style: watch.Alert}}, "\x1b[1;1H\x1b[7mab    \x1b[0m"},
		{"lines that are no more", []watch.Line{{Text: "ab", Style: watch.Selected}}, "\x1b[2;1H\x1b[J"},
		{"and come back", []watch.Line{{Text: "ab", Style: watch.Selected}, {Text: "z"}}, "\x1b[2;1Hz\x1b[K"},
	}
	for _, tt := range tests {
		out.Reset()
		require.NoError(t, p.Paint(tt.frame, 6), tt.reason)
		assert.Equal(t, tt.want, out.String(), tt.reason)
	}
	out.Reset()
	p.Forget()
	require.NoError(t, p.Paint([]watch.Line{{Text: "a"}}, 6))
	assert.Equal(t, "\x1b[2J\x1b[1;1Ha\x1b[K", out.String(), "who else wrote there is written over")

	out.Reset()
	require.NoError(t, (&watch.Painter{Out: &out}).Paint([]watch.Line{{Text: "a", Style: watch.Alert}}, 6))
	assert.NotContains(t, out.String(), "\x1b[31m", "no colour for who wants none")
}
