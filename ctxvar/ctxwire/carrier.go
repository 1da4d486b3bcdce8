package ctxwire

// Incoming is what an incoming message has beside its content: texts under
// keys. [net/http.Header], [net/textproto.MIMEHeader], the header of a NATS
// message and [Map] implement it.
type Incoming interface {
	// Values returns the texts under key, in the order in which they came.
	Values(key string) []string
}

// Identified is an [Incoming] of a message that has an ID in its protocol.
// [RequestID] uses that ID, if it is well-formed, instead of making a new one;
// so a message that is handled again has the same ID.
type Identified interface {
	Incoming
	ID() string
}

// Outgoing is what an outgoing message has beside its content. Types that
// implement [Incoming] usually implement it too.
type Outgoing interface {
	// Set sets the text under key, replacing all others there.
	Set(key, text string)
}

// Limited is an [Outgoing] that may refuse a text, for example because it has
// no room. [Wire.Send] calls Put instead of Set, and treats an error like that
// of a value that cannot be sent.
type Limited interface {
	Outgoing
	Put(key, text string) error
}

// Map is an [Incoming] and [Outgoing] for messages that have one text under a
// key, such as a JSON object or the headers of a queue. To send, it must not be
// nil.
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
