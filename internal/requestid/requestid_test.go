package requestid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/requestid"
)

func TestValid(t *testing.T) {
	for id, want := range map[string]bool{
		"r1":                                    true,
		"0b0c9a7e-4d3a-4f64-a1f4-6f0d5f6c2a11":  true,
		"host/2026:11~a+b=c@d_e.f":              true,
		strings.Repeat("x", requestid.MaxLen):   true,
		strings.Repeat("x", requestid.MaxLen+1): false,
		"":                                      false,
		"two words":                             false,
		"line\nbreak":                           false,
		"<script>":                              false,
		"ungültig":                              false,
	} {
		assert.Equalf(t, want, requestid.Valid(id), "%q", id)
	}
}

// What is not well-formed is tested where it comes from, in package ctxhttp.
func TestFromTraceparent(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	assert.Equal(t, id, requestid.FromTraceparent("00-"+id+"-00f067aa0ba902b7-01"))
	assert.Empty(t, requestid.FromTraceparent(""))
	assert.Empty(t, requestid.FromTraceparent("00-"+strings.Repeat("0", 32)+"-00f067aa0ba902b7-01"), "it says that there is none")
}
