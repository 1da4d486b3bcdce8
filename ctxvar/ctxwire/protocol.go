package ctxwire

import (
	"unicode"
	"unicode/utf8"
)

// A Protocol says what an adapter's protocol can carry. It is for those who write
// adapters.
type Protocol struct {
	// Name is that of the adapter's package, for error texts.
	Name string

	// Key returns key as the protocol writes it, or an error that says what keys it
	// can have. If it is nil, keys are as they are.
	Key func(key string) (string, error)

	// Valid reports whether the protocol can carry text under a key that Key has
	// returned, so that it arrives as it was sent. If it is nil, [IsText] is used.
	Valid func(key, text string) bool

	// Apart is for queues, whose messages come to a goroutine that polls, which somebody
	// may have started in the middle of anything: Receive has a message handled with the
	// variables that its ctx carries, and with none where that carries none, whatever the
	// goroutine has. And each message is a work of its own, also within the handling of
	// one, which may wait for others with the ctx it has.
	Apart bool

	// Unsent, if not nil, is called with the reason if a value can't be sent, and the
	// message is sent without it. If it is nil, the message is not sent.
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
