package remote_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task/remote"
)

func TestTextsOfErrors(t *testing.T) {
	for _, test := range []struct {
		reason string
		err    error
		want   string
	}{
		{"no worker had it", &remote.Error{Func: "f", Err: io.EOF}, "remote: f: EOF"},
		{"its first worker", &remote.Error{Func: "f", Worker: "w", Delivery: 1, Err: io.EOF}, "remote: f on w: EOF"},
		{"its second", &remote.Error{Func: "f", Worker: "w", Delivery: 2, Err: io.EOF}, "remote: f on w (delivery 2): EOF"},
		{"of something with a name", &remote.MisuseError{Op: "New", Name: "f", Problem: "why"}, `remote: New of "f": why`},
		{"of nothing with a name", &remote.MisuseError{Op: "Serve", Problem: "why"}, "remote: Serve: why"},
	} {
		assert.EqualError(t, test.err, test.want, test.reason)
	}
}
