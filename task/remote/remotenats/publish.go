package remotenats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A publisher stores messages in the streams of a namespace. It has one subscription,
// and so one goroutine, for all answers of the server. A request of the client's
// would have, for each message, a context and JSON to decode whose content is known.
// Together they cost as much as the server needs to store the message.
type publisher struct {
	nc      *nats.Conn
	over    <-chan struct{} // closed when nothing more is to be stored; nil if that never happens
	inbox   string          // the subject of the answers, up to the number
	answers *nats.Subscription

	mu      sync.Mutex
	last    uint64
	waiting map[string]*wait // by number
}

func newPublisher(nc *nats.Conn, over <-chan struct{}) (p *publisher, err error) {
	p = &publisher{nc: nc, over: over, inbox: nc.NewInbox() + ".", waiting: map[string]*wait{}}
	outside(func() { p.answers, err = nc.Subscribe(p.inbox+"*", p.receive) })
	return p, err
}

func (p *publisher) stop() { _ = p.answers.Unsubscribe() }

// errGivenUp is the error of a message that may or may not be stored.
var errGivenUp = errors.New("remotenats: given up")

// publish stores m. It tries until m is stored or enough is closed, through lost
// connections and changes of leaders. m is stored once if its header has an ID, and
// perhaps twice if not. The error is errGivenUp, or says why m can never be stored.
func (p *publisher) publish(m *nats.Msg, enough <-chan struct{}) error {
	w := waits.Get().(*wait)
	defer waits.Put(w)
	number := p.expect(w)
	defer p.forget(number, w)
	m.Reply = p.inbox + number

	const patience = 5 * time.Second // for a server that does not answer
	err := p.nc.PublishMsg(m)
	if isLasting(err) {
		return err
	}
	w.again.Reset(patience)
	defer w.again.Stop()
	for pause := 10 * time.Millisecond; ; {
		if err != nil {
			w.again.Reset(pause)
		}
		select {
		case err = <-w.answered:
			if err == nil || isLasting(err) {
				return err
			}
		case <-w.again.C:
			pause = min(2*pause, time.Second)
			if err = p.nc.PublishMsg(m); isLasting(err) {
				return err
			}
			w.again.Reset(patience)
		case <-enough:
			return errGivenUp
		case <-p.over:
			return nats.ErrConnectionClosed
		}
	}
}

// A wait holds what one message needs until it is stored.
type wait struct {
	answered chan error // has the first answer until it is read
	again    *time.Timer
}

// waits has the waits that are free for reuse. A job needs two, and each takes four
// allocations.
var waits = sync.Pool{New: func() any {
	w := &wait{answered: make(chan error, 1), again: time.NewTimer(time.Hour)}
	w.again.Stop()
	return w
}}

func (p *publisher) expect(w *wait) (number string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	number = strconv.FormatUint(p.last, 36)
	p.waiting[number] = w
	return number
}

// forget ends the wait. It gets no answer any more.
func (p *publisher) forget(number string, w *wait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, number)
	select {
	case <-w.answered:
	default:
	}
}

// receive is called with one answer after another.
func (p *publisher) receive(m *nats.Msg) {
	number, err := strings.TrimPrefix(m.Subject, p.inbox), answer(m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.waiting[number]; w != nil {
		select {
		case w.answered <- err:
		default: // an earlier answer is still there
		}
	}
}

// answer returns nil if m says that the message is stored, and otherwise why it is
// not.
func answer(m *nats.Msg) error {
	// A positive answer has the stream's name, the number of the message, and no
	// error. The server writes the text, and none of the names in it has quotes.
	if bytes.Contains(m.Data, []byte(`"seq":`)) && !bytes.Contains(m.Data, []byte(`"error":`)) {
		return nil
	}
	if m.Header.Get("Status") != "" { // no server has the stream at the moment
		return nats.ErrNoResponders
	}
	var said struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &said); err != nil || said.Error == nil {
		return fmt.Errorf("remotenats: the server answers %.100q", m.Data)
	}
	return said.Error
}

// isLasting reports whether err is permanent: the connection is closed for good,
// the message is too large, or the stream is gone or full.
func isLasting(err error) bool {
	return err != nil && (errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) || isRefusal(err))
}

// isRefusal reports whether the server will never do what it was asked to do. A
// cluster's answer that the message is being stored already, which it gives when
// one comes again, is not a refusal.
func isRefusal(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code >= 400 && api.Code < 500 && api.Code != http.StatusConflict
}
