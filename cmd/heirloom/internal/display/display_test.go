package display_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
)

func TestLine(t *testing.T) {
	tests := []struct{ in, reason, want string }{
		{"a b", "text", "a b"},
		{"é漢字…", "in any writing", "é漢字…"},
		{"a\nb\tc\r", "on a line", "a b c "},
		{"\x1b[2J\a\x7f", "controls", `\x1b[2J\a\x7f`},
		{"\u009b", "controls of eight bits", `\u009b`},
		{"\u202e\u2066\u200b", "what turns the writing around, or cannot be seen", `\u202e\u2066\u200b`},
		{"\xff\ufffd", "no character, and one that stands for such", `\xff` + "\ufffd"},
	}
	for _, tt := range tests {
		require.NotEmpty(t, tt.reason)
		assert.Equal(t, tt.want, display.Line(tt.in), tt.reason)
	}
	assert.Equal(t, "a\n\tb\\x1b\n", display.Lines("a\n\tb\x1b\n"))
}

func TestJSON(t *testing.T) {
	tests := []struct{ in, reason, want string }{
		{"{\n\t\"a\": \"b é漢\"\r\n}", "nothing to do", "{\n\t\"a\": \"b é漢\"\r\n}"},
		{"\"\u009b31m\x7f\u202e\"", "what JSON lets pass", `"\u009b31m\u007f\u202e"`},
		{"\"\U000e0001\"", "beyond 16 bits", `"\udb40\udc01"`},
		{"\"\x9b\"", "no character", "\"\ufffd\""},
	}
	for _, tt := range tests {
		require.NotEmpty(t, tt.reason)
		assert.Equal(t, tt.want, string(display.JSON([]byte(tt.in))), tt.reason)
		var was, is any
		require.NoError(t, json.Unmarshal([]byte(tt.in), &was))
		require.NoError(t, json.Unmarshal(display.JSON([]byte(tt.in)), &is))
		assert.Equal(t, was, is)
	}
}

func TestColumns(t *testing.T) {
	assert.Equal(t, 4, display.Width("漢字"))
	assert.Equal(t, "漢…", display.Cut("漢字漢字", 4))
	assert.Equal(t, "漢字", display.Cut("漢字", 4))
	assert.Equal(t, "漢 ", display.Pad("漢", 3))
}
