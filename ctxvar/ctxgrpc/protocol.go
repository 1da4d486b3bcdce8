package ctxgrpc

import (
	"errors"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what gRPC can carry in metadata.
var protocol = ctxwire.Protocol{Name: "ctxgrpc", Key: keyOf, Valid: isValue}

var errKey = errors.New("use letters, digits and any of -_. and no name of gRPC's own")

// keyOf returns key in the form of metadata, or an error if the key belongs to
// gRPC or has characters that a key must not have.
func keyOf(key string) (string, error) {
	key = strings.ToLower(key)
	switch key {
	case "content-type", "te", "user-agent", "host", "connection":
		return "", errKey
	}
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return "", errKey
		}
	}
	if strings.HasPrefix(key, "grpc-") {
		return "", errKey
	}
	return key, nil
}

// isValue reports whether text can be the value of a key.
func isValue(key, text string) bool {
	if strings.HasSuffix(key, "-bin") {
		return true // gRPC encodes it
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	// HTTP/2 values do not begin or end with a space; proxies remove it.
	return strings.Trim(text, " ") == text
}
