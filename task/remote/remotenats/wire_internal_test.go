package remotenats

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

func TestPack(t *testing.T) {
	for _, tt := range []struct {
		reason  string
		header  ctxwire.Map
		content string
	}{
		{"nothing", ctxwire.Map{}, ""},
		{"content alone", ctxwire.Map{}, "content"},
		{"texts alone", ctxwire.Map{"key": "text", "": "of no key", "no text": ""}, ""},
		{"texts that headers could not have", ctxwire.Map{"a": "\r\n\x00", "ü": "\xff"}, "\x00"},
		{"lengths of one, two and three bytes", ctxwire.Map{
			strings.Repeat("a", 127): strings.Repeat("b", 128), "c": strings.Repeat("d", 16383), "e": strings.Repeat("f", 16384),
		}, strings.Repeat("g", 100_000)},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			header, content, err := unpack(pack(tt.header, []byte(tt.content)))
			require.NoError(t, err)
			assert.Equal(t, tt.header, header)
			assert.Equal(t, tt.content, string(content))
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	for reason, data := range map[string]string{
		"no byte":                    "",
		"a number without an end":    "\xff",
		"a number beyond 64 bits":    strings.Repeat("\xff", 10) + "\x01",
		"more texts than bytes":      "\x02\x00",
		"a key without a text":       "\x02\x01k",
		"a text beyond what is left": "\x04\x01k\x02x and content",
		"a huge text":                "\x0b\x01k\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		_, _, err := unpack([]byte(data))
		require.ErrorIs(t, err, remote.ErrMalformed, reason)
	}
}

func TestAnswer(t *testing.T) {
	for _, tt := range []struct {
		reason  string
		data    string
		status  string
		stored  bool
		refused bool
	}{
		{"stored", `{"stream":"S","seq":7}`, "", true, false},
		{"stored before", `{"stream":"S", "seq":7,"duplicate": true}`, "", true, false},
		{"no leader", `{"error":{"code":503,"err_code":10008,"description":"unavailable"},"stream":"S","seq":0}`, "", false, false},
		{"being stored", `{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"},"stream":"S","seq":0}`, "", false, false},
		{"full", `{"error":{"code":400,"err_code":10077,"description":"full"},"stream":"S","seq":0}`, "", false, true},
		{"nobody has the stream", "", "503", false, false},
		{"garbage", "x", "", false, false},
		{"garbage that is JSON", `{"seq":7, "error":null}`, "", false, false},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			m := nats.NewMsg("answer")
			m.Data = []byte(tt.data)
			if tt.status != "" {
				m.Header.Set("Status", tt.status)
			}
			err := answer(m)
			assert.Equal(t, tt.stored, err == nil, err)
			assert.Equal(t, tt.refused, isLasting(err), err)
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack(ctxwire.Map{"key": "text"}, []byte("content")))
	f.Add([]byte("\x03\x01k\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, content, err := unpack(data)
		if err != nil {
			require.ErrorIs(t, err, remote.ErrMalformed)
			return
		}
		again, more, err := unpack(pack(header, content))
		require.NoError(t, err)
		assert.Equal(t, header, again)
		assert.Equal(t, string(content), string(more))
	})
}
