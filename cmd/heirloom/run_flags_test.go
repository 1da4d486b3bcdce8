package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSize(t *testing.T) {
	for text, want := range map[string]struct {
		bytes size
		shown string
	}{
		"100": {100, "100"}, "1K": {1024, "1K"}, "1k": {1000, "1000"}, "1.5M": {3 << 19, "1536K"}, "10m": {10_000_000, "10000000"}, "2G": {2 << 30, "2G"}, "1T": {1 << 40, "1T"},
		"1KB": {1024, "1K"}, "1kB": {1000, "1000"}, "1KiB": {1024, "1K"}, "1kib": {1024, "1K"}, "1e3": {1000, "1000"}, "0.5k": {500, "500"},
	} {
		var n size
		if assert.NoError(t, n.Set(text), text) {
			assert.Equal(t, want.bytes, n, text)
			assert.Equal(t, want.shown, n.String(), text)
		}
	}
	for _, text := range []string{"", "k", "0", "0.5", "-1K", "1X", "1KK", "NaN", "Inf", "1e30", "5000000T"} {
		assert.Error(t, new(size).Set(text), text)
	}
}
