package watch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/watch"
)

func TestKeys(t *testing.T) {
	tests := []struct {
		in, reason string
		want       []watch.Key
		rest       string
	}{
		{"jé漢", "characters", []watch.Key{"j", "é", "漢"}, ""},
		{"\x1b[A\x1bOB\x1b[5~\x1b[6~", "sequences", []watch.Key{watch.Up, watch.Down, watch.PageUp, watch.PageDown}, ""},
		{"\x1b[H\x1b[4~", "of several kinds of terminals", []watch.Key{watch.Home, watch.End}, ""},
		{"\x1b", "a key by itself", []watch.Key{watch.Escape}, ""},
		{"\x1b\x1b[A", "and before another", []watch.Key{watch.Escape, watch.Up}, ""},
		{"\x1bq", "which some take for alt", []watch.Key{watch.Escape, "q"}, ""},
		{"\x1b[1;5Aq\x1b[20~", "keys without a meaning", []watch.Key{"q"}, ""},
		{"\r\x7f\x03\x1a\x01", "controls", []watch.Key{watch.Enter, watch.Backspace, watch.CtrlC, watch.CtrlZ}, ""},
		{"a\xe6\xbc", "a character that is still to come", []watch.Key{"a"}, "\xe6\xbc"},
		{"a\x1b[1;", "a sequence that is still to come", []watch.Key{"a"}, "\x1b[1;"},
		{"\xffa", "no character", []watch.Key{"a"}, ""},
	}
	for _, tt := range tests {
		require.NotEmpty(t, tt.reason)
		keys, rest := watch.Keys([]byte(tt.in))
		assert.Equal(t, tt.want, keys, tt.reason)
		assert.Equal(t, tt.rest, string(rest), tt.reason)
	}
}

// Whatever a terminal sends, and in whatever pieces, the rest that Keys leaves is
// short, so a buffer never fills up.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("\x1b[1;5A漢\x1b[999999999999999999999999999999999999"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var kept []byte
		for _, c := range b {
			_, rest := watch.Keys(append(kept, c))
			kept = append([]byte{}, rest...)
			require.LessOrEqual(t, len(kept), 33)
		}
		_, rest := watch.Keys(b)
		require.LessOrEqual(t, len(rest), 33)
	})
}
