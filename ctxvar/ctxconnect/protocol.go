package ctxconnect

import (
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what Connect can carry in headers, with all of its
// protocols.
var protocol = ctxwire.Protocol{Name: "ctxconnect", Key: keyOf, Valid: isValue, Through: http.ServerContextKey}

// keyOf returns key in the form of http.Header, or an error if HTTP, Connect or
// gRPC handle that header themselves.
func keyOf(key string) (string, error) {
	key = http.CanonicalHeaderKey(key)
	switch key {
	case "Host", "Connection", "Te", "Trailer", "Transfer-Encoding", "User-Agent":
		return "", errKey
	}
	for _, own := range []string{"Connect-", "Grpc-", "Content-", "Accept-", "Trailer-"} {
		if strings.HasPrefix(key, own) {
			return "", errKey
		}
	}
	return key, nil
}

var errKey = errors.New("it is a name of HTTP's, Connect's or gRPC's own")

// isValue reports whether each of the protocols carries text unchanged.
func isValue(key, text string) bool {
	if isBinary(key) {
		return true // it is encoded
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return strings.Trim(text, " ") == text
}

func isBinary(key string) bool { return strings.HasSuffix(key, "-Bin") }

// header is the headers of an RPC. It is [ctxwire.Incoming] and [ctxwire.Outgoing].
type header http.Header

// Values returns the texts under key, without those of a binary key that cannot
// be decoded.
func (h header) Values(key string) []string {
	texts := h[key]
	if !isBinary(key) {
		return texts
	}
	var decoded []string
	for _, text := range texts {
		if b, err := connect.DecodeBinaryHeader(text); err == nil {
			decoded = append(decoded, string(b))
		}
	}
	return decoded
}

// Set sets the text under key, replacing all others there.
func (h header) Set(key, text string) {
	if isBinary(key) {
		text = connect.EncodeBinaryHeader([]byte(text))
	}
	h[key] = []string{text}
}
