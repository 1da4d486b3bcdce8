package remote

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// findNetrc returns the login and the password for the host and the user of u. Names of
// hosts and keywords may be in any case.
func findNetrc(text []byte, u *url.URL) (login, password string, ok bool, err error) {
	type entry struct{ host, login, password string }
	var entries []entry
	words, err := netrcWords(string(withoutMacros(text)))
	if err != nil {
		return "", "", false, err
	}
	next := func() (word string) {
		if len(words) > 0 {
			word, words = words[0], words[1:]
		}
		return word
	}
	for len(words) > 0 {
		last := max(0, len(entries)-1)
		switch word := strings.ToLower(next()); {
		case word == "machine":
			entries = append(entries, entry{host: next()})
		case word == "default":
			entries = append(entries, entry{host: u.Hostname()})
		case word == "login" && len(entries) > 0:
			entries[last].login = next()
		case word == "password" && len(entries) > 0:
			entries[last].password = next()
		case word == "account":
			next()
		}
	}
	for _, e := range entries {
		if strings.EqualFold(e.host, u.Hostname()) && (u.User.Username() == "" || u.User.Username() == e.login) {
			return e.login, e.password, true, nil
		}
	}
	return "", "", false, nil
}

// netrcWords divides the text at blanks. As to curl, a word may be in double quotes, with
// a backslash before a quote or a backslash in it, and \n, \r and \t.
func netrcWords(text string) (words []string, err error) {
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		switch {
		case text == "":
			return words, nil
		case text[0] != '"':
			end := strings.IndexFunc(text, unicode.IsSpace)
			if end < 0 {
				end = len(text)
			}
			words, text = append(words, text[:end]), text[end:]
			continue
		}
		var word strings.Builder
		i := 1
		for ; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\n' {
				break
			}
			c := text[i]
			if c == '\\' && i+1 < len(text) {
				i++
				c = text[i]
				if at := strings.IndexByte("nrt", c); at >= 0 {
					c = "\n\r\t"[at]
				}
			}
			word.WriteByte(c)
		}
		if i >= len(text) || text[i] != '"' {
			return nil, errors.New("a quote has no end on its line")
		}
		words, text = append(words, word.String()), text[i+1:]
	}
}

// withoutMacros removes the text between macdef and an empty line.
func withoutMacros(text []byte) []byte {
	var kept []byte
	inMacro := false
	for line := range bytes.Lines(text) {
		trimmed := bytes.TrimSpace(line)
		inMacro = inMacro && len(trimmed) > 0 || bytes.HasPrefix(trimmed, []byte("macdef"))
		if !inMacro && !bytes.HasPrefix(trimmed, []byte("#")) {
			kept = append(kept, line...)
		}
	}
	return kept
}
