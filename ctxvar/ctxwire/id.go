package ctxwire

import (
	"errors"
	"strings"
)

// maxIDLen bounds the length of an accepted ID, because the ID is written with
// each log record. A UUID has 36 characters, a traceparent 55.
const maxIDLen = 128

// idPunctuation holds the characters that an ID may have besides ASCII letters
// and digits. It covers the IDs in common use, which are UUIDs, base64 in both
// alphabets, times, and host names. None of these characters has a meaning in a
// log line, in JSON or in HTML.
const idPunctuation = "-._~+/=:@"

var errID = errors.New("ID is empty or has other characters than letters, digits and " + idPunctuation)

// checkID returns nil if s is well-formed as an ID.
func checkID(s string) error {
	if s == "" {
		return errID
	}
	if len(s) > maxIDLen {
		return ErrTooLong
	}
	for _, c := range s {
		if !isAlphanumeric(c) && !strings.ContainsRune(idPunctuation, c) {
			return errID
		}
	}
	return nil
}

// idFromTraceparent returns the trace ID in s, a traceparent as defined by W3C
// Trace Context, or "" if s is not well-formed or has no trace ID.
//
//	version  trace ID                         parent ID        flags
//	00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//
// A later version may have more after the flags, following another "-".
func idFromTraceparent(s string) string {
	const length = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < length || len(s) > maxIDLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return ""
	}
	version, id, parent, flags, rest := s[:2], s[3:35], s[36:52], s[53:55], s[55:]
	switch {
	case !isHex(version), !isHex(id), !isHex(parent), !isHex(flags),
		version == "ff", // not a valid version
		version == "00" && rest != "",
		rest != "" && rest[0] != '-',
		isZero(id), isZero(parent): // mean that there is none
		return ""
	}
	return id
}

func isHex(s string) bool  { return strings.Trim(s, "0123456789abcdef") == "" }
func isZero(s string) bool { return strings.Trim(s, "0") == "" }
