package ctxwire

import (
	"unicode"
	"unicode/utf8"
)

// A Protocol describes what an adapter's protocol can carry. It is for authors
// of adapters.
type Protocol struct {
	// Name is the name of the adapter's package, for error texts.
	Name string

	// Key returns key in the form of the protocol, or an error that says which
	// keys are allowed. If Key is nil, keys are unchanged.
	Key func(key string) (string, error)

	// Valid reports whether the protocol can carry text unchanged under a key
	// that Key returned. If Valid is nil, [IsText] is used.
	Valid func(key, text string) bool

	// Apart is for queues. Their messages come to a goroutine that polls, which
	// may have been started in the middle of anything. If Apart is set, Receive
	// handles a message with the variables that its ctx carries, or with none
	// if it carries none, whatever the goroutine has. Each message is then a
	// work of its own, even within the handling of another one, which may wait
	// for further messages with its ctx.
	Apart bool

	// Through, if not nil, is the key under which the ctx of a message has what
	// the message came through, such as the server. A message that came through
	// something else than the message in whose handling ctx was made is a work
	// of its own.
	Through any

	// Unsent, if not nil, is called with the reason if a value cannot be sent,
	// and the message is sent without the value. If it is nil, the message is
	// not sent.
	Unsent func(*FieldError)
}

// IsText reports whether text is UTF-8 without control characters.
func IsText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return isUnicodeText(text)
		}
	}
	return true
}

func isUnicodeText(text string) bool {
	for _, c := range text {
		if unicode.IsControl(c) {
			return false
		}
	}
	return utf8.ValidString(text)
}
