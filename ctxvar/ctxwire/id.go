package ctxwire

import (
	"errors"
	"strings"
)

// maxIDLen bounds what is taken for an ID, for it is written with each log record.
// A UUID has 36 characters, a traceparent 55.
const maxIDLen = 128

// idPunctuation is what an ID may have beside the letters and digits of ASCII:
// what IDs in use have, which are UUIDs, base64 in both alphabets, times, and
// names of hosts. None of it means anything in a log line, in JSON or in HTML.
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

// idFromTraceparent returns the trace ID in s, which is a traceparent as W3C Trace
// Context has it, or "" if s is not well-formed or has none.
//
//	version  trace ID                         parent ID        flags
//	00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//
// A later version may have more behind the flags, after another "-".
func idFromTraceparent(s string) string {
	const length = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < length || len(s) > maxIDLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return ""
	}
	version, id, parent, flags, rest := s[:2], s[3:35], s[36:52], s[53:55], s[55:]
	switch {
	case !isHex(version), !isHex(id), !isHex(parent), !isHex(flags),
		version == "ff", // is not a version
		version == "00" && rest != "",
		rest != "" && rest[0] != '-',
		isZero(id), isZero(parent): // say that there is none
		return ""
	}
	return id
}

func isHex(s string) bool  { return strings.Trim(s, "0123456789abcdef") == "" }
func isZero(s string) bool { return strings.Trim(s, "0") == "" }
