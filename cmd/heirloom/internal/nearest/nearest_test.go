package nearest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

func TestName(t *testing.T) {
	known := []string{"basic", "token", "gather", "requests", "sync", "copy", "--list"}
	tests := []struct{ name, reason, want string }{
		{"gather", "itself", "gather"},
		{"gahter", "two letters swapped are one mistake", "gather"},
		{"gater", "one letter is missing", "gather"},
		{"tokken", "one letter too many", "token"},
		{"Gather", "case is no mistake", "gather"},
		{"req", "a beginning is near, however short", "requests"},
		{"--lst", "flags are names like others", "--list"},
		{"cpoy", "a third of four letters is one", "copy"},
		{"cpoz", "and two mistakes in four are too many", ""},
		{"r", "one letter begins too many things to mean one", ""},
		{"kubernetes", "nothing is near", ""},
		{"", "nothing is like everything", ""},
		{"sünc", "a letter may be several bytes", "sync"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			got, ok := nearest.Name(tt.name, known)
			assert.Equal(t, tt.want, got, tt.reason)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}

func TestNameTakesTheFirstOfEquals(t *testing.T) {
	got, ok := nearest.Name("cat", []string{"car", "bat"})
	assert.True(t, ok)
	assert.Equal(t, "car", got)
}
