package ctxwire

// Incoming is what a message that came in has beside its content: texts under
// keys. [net/http.Header], [net/textproto.MIMEHeader] and the header of a NATS
// message implement it, and [Map] does.
type Incoming interface {
	// Values returns the texts under key, in their order, as they came.
	Values(key string) []string
}

// Identified is an [Incoming] of a message that has an ID of its own, by which its
// protocol knows it. [RequestID] takes that one in place of a new one, if it is
// well-formed: so a message that is handled again has the same ID again.
type Identified interface {
	Incoming
	ID() string
}

// Outgoing is what a message that is going to be sent has beside its content.
// What implements [Incoming] implements it as well, as a rule.
type Outgoing interface {
	// Set makes text the only one under key.
	Set(key, text string)
}

// Limited is an [Outgoing] that may have no room for a text, or other reasons not to
// take it. [Wire.Send] calls Put in place of Set, and treats its error as it does
// that of a value that can't be sent.
type Limited interface {
	Outgoing
	Put(key, text string) error
}

// Map is [Incoming] and [Outgoing], for messages that have one text under a key:
// a JSON object, the headers of a queue. It must not be nil to be sent.
type Map map[string]string

var (
	_ Incoming = Map(nil)
	_ Outgoing = Map(nil)
)

// Values returns the text under key, if there is one.
func (m Map) Values(key string) []string {
	if text, ok := m[key]; ok {
		return []string{text}
	}
	return nil
}

// Set sets the text under key.
func (m Map) Set(key, text string) { m[key] = text }
