package watch

import (
	"bytes"
	"unicode/utf8"
)

// A Key is a key that was pressed on a terminal: a character, or one of these.
type Key string

// The keys that are not characters.
const (
	Up        Key = "up"
	Down      Key = "down"
	PageUp    Key = "page up"
	PageDown  Key = "page down"
	Home      Key = "home"
	End       Key = "end"
	Enter     Key = "enter"
	Escape    Key = "escape"
	Backspace Key = "backspace"
	CtrlC     Key = "ctrl-c"
	CtrlL     Key = "ctrl-l"
	CtrlU     Key = "ctrl-u"
	CtrlZ     Key = "ctrl-z"
	other     Key = ""
)

var controls = map[byte]Key{
	'\r': Enter, '\n': Enter, 0x7f: Backspace, 0x08: Backspace,
	3: CtrlC, 0x0c: CtrlL, 0x15: CtrlU, 0x1a: CtrlZ,
}

// sequences has the characters that follow the escape character, on terminals that call
// themselves after xterm, VT220, rxvt or the Linux console.
var sequences = map[string]Key{
	"[A": Up, "OA": Up, "[B": Down, "OB": Down,
	"[5~": PageUp, "[6~": PageDown,
	"[H": Home, "OH": Home, "[1~": Home, "[7~": Home,
	"[F": End, "OF": End, "[4~": End, "[8~": End,
}

// Keys returns the keys in what a terminal in raw mode has sent, and the rest of b if
// that begins a key that is still incomplete. Keys without a meaning are left out. An
// escape character at the end of b is the Escape key, because a terminal sends the
// sequence of a key in one piece.
func Keys(b []byte) (keys []Key, rest []byte) {
	for len(b) > 0 {
		key, size := next(b)
		if size == 0 {
			return keys, b
		}
		if key != other {
			keys = append(keys, key)
		}
		b = b[size:]
	}
	return keys, nil
}

// next returns the first key and its size. The size is 0 if b has only a part of the
// key.
func next(b []byte) (Key, int) {
	switch {
	case b[0] == 0x1b:
		return escape(b)
	case b[0] < ' ' || b[0] == 0x7f:
		return controls[b[0]], 1
	case !utf8.FullRune(b):
		return other, 0
	}
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError {
		return other, size
	}
	return Key(b[:size]), size
}

// longestSequence limits a sequence that has not ended.
const longestSequence = 32

func escape(b []byte) (Key, int) {
	if len(b) == 1 || b[1] != '[' && b[1] != 'O' {
		return Escape, 1
	}
	// Parameters, and then a final character.
	end := 2 + bytes.IndexFunc(b[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	switch {
	case end < 2 && len(b) > longestSequence:
		return other, len(b)
	case end < 2:
		return other, 0
	}
	return sequences[string(b[1:end+1])], end + 1
}
