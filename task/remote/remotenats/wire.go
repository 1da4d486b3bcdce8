package remotenats

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/nats-io/nats.go"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

// pack returns the data of one of our messages: the length of its fields, the fields,
// which are keys and texts that each follow their own length, and then the content.
// Headers of NATS would cost more than all else that we do: the server searches them for
// its own keys when it stores a message, and clients parse them as MIME.
func pack(header ctxwire.Map, content []byte) []byte {
	size := 0
	for key, text := range header {
		size += sizeOf(key) + sizeOf(text)
	}
	data := make([]byte, 0, binary.MaxVarintLen64+size+len(content))
	data = binary.AppendUvarint(data, uint64(size))
	for key, text := range header {
		data = appendText(appendText(data, key), text)
	}
	return append(data, content...)
}

// sizeOf returns how many bytes appendText appends.
func sizeOf(text string) int {
	return (bits.Len(uint(len(text))|1)+6)/7 + len(text)
}

func appendText(data []byte, text string) []byte {
	return append(binary.AppendUvarint(data, uint64(len(text))), text...)
}

// unpack is the reverse of pack. Any input is safe. An error is remote.ErrMalformed,
// with the reason.
func unpack(data []byte) (header ctxwire.Map, content []byte, err error) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return nil, nil, fmt.Errorf("%w: %d bytes, whose first do not say how they go on", remote.ErrMalformed, len(data))
	}
	block, content := data[n:n+int(size)], data[n+int(size):]
	all := string(block) // the texts are parts of it
	header = ctxwire.Map{}
	text := func() (text string, ok bool) {
		size, n := binary.Uvarint(block)
		if n <= 0 || size > uint64(len(block)-n) {
			return "", false
		}
		begin := len(all) - len(block) + n
		block = block[n+int(size):]
		return all[begin : begin+int(size)], true
	}
	for len(block) > 0 {
		key, ok := text()
		value, also := text()
		if !ok || !also {
			return nil, nil, fmt.Errorf("%w: a text that goes beyond the %d bytes of all", remote.ErrMalformed, size)
		}
		header[key] = value
	}
	return header, content, nil
}

func decodeOutcome(data []byte) (*remote.Outcome, error) {
	header, content, err := unpack(data)
	if err != nil {
		return nil, err
	}
	return remote.DecodeOutcome(header, content)
}

// fits returns remote.ErrTooLarge if the server would not take m.
func (e *Engine) fits(m *nats.Msg) error {
	const around = 256 // for the header
	if limit := e.nc.MaxPayload(); int64(len(m.Data)+around) > limit {
		return fmt.Errorf("%w: %d bytes, where %d fit", remote.ErrTooLarge, len(m.Data), limit-around)
	}
	return nil
}
