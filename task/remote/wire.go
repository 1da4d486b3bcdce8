package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Version is the version of the form in which jobs and outcomes travel. Who gets
// another one refuses it: see [DecodeJob].
const Version = "1"

// ErrMalformed is the error of a message that is no job and no outcome of this
// version: garbage, or of somebody else.
var ErrMalformed = errors.New("remote: not a job or an outcome of version " + Version)

// The keys of what a message has beside its content.
const (
	keyVersion    = "Heirloom-Version"
	keyJob        = "Heirloom-Job"
	keyFunc       = "Heirloom-Func"
	keyLeft       = "Heirloom-Left" // nanoseconds to the deadline
	keyLease      = "Heirloom-Lease"
	keyGrace      = "Heirloom-Grace"
	keyDeliveries = "Heirloom-Deliveries"
	keyDelivery   = "Heirloom-Delivery"
	keyWorker     = "Heirloom-Worker"
	keyFailed     = "Heirloom-Failed"
	keyVar        = "Heirloom-Var-" // and the key of the field
)

// Encode returns j as a message: texts under keys, of letters, digits and hyphens
// and of what the keys of [Carry]'s fields have, and a content. now is the time by
// the clock that j.Deadline is of. What concerns the caller alone does not travel.
func (j *Job) Encode(now time.Time) (header ctxwire.Map, body []byte) {
	header = ctxwire.Map{
		keyVersion:    Version,
		keyJob:        j.ID,
		keyFunc:       j.Func,
		keyLease:      strconv.FormatInt(int64(j.Lease), 10),
		keyGrace:      strconv.FormatInt(int64(j.Grace), 10),
		keyDeliveries: strconv.Itoa(j.Deliveries),
	}
	if !j.Deadline.IsZero() {
		header[keyLeft] = strconv.FormatInt(int64(max(j.Deadline.Sub(now), 1)), 10)
	}
	for key, text := range j.Vars {
		header[keyVar+key] = text
	}
	return header, j.Arg
}

// DecodeJob is the reverse of [Job.Encode]. sent is when the message was sent, by
// the clock of the machine that this runs on, as far as the engine knows: the
// deadline is the time left after that. Any input is safe; an error is
// [ErrMalformed], with the reason.
func DecodeJob(header ctxwire.Map, body []byte, sent time.Time) (*Job, error) {
	if header[keyVersion] != Version {
		return nil, fmt.Errorf("%w: version %.20q", ErrMalformed, header[keyVersion])
	}
	j := &Job{ID: header[keyJob], Func: header[keyFunc], Arg: body, Vars: ctxwire.Map{}}
	if !isName(j.ID) || !isName(j.Func) {
		return nil, fmt.Errorf("%w: job %.20q of function %.20q", ErrMalformed, j.ID, j.Func)
	}
	numbers := numbers{header: header}
	j.Lease = time.Duration(numbers.positive(keyLease))
	j.Grace = time.Duration(numbers.positive(keyGrace))
	j.Deliveries = int(min(numbers.positive(keyDeliveries), maxDeliveries))
	if _, ok := header[keyLeft]; ok {
		j.Deadline = sent.Add(time.Duration(numbers.positive(keyLeft)))
	}
	if numbers.err != nil {
		return nil, numbers.err
	}
	for key, text := range header {
		if name, ok := strings.CutPrefix(key, keyVar); ok {
			j.Vars[name] = text
		}
	}
	return j, nil
}

// Encode returns o as a message.
func (o *Outcome) Encode() (header ctxwire.Map, body []byte) {
	header = ctxwire.Map{
		keyVersion:  Version,
		keyWorker:   o.Worker,
		keyDelivery: strconv.Itoa(o.Delivery),
	}
	if o.Failure == nil {
		return header, o.Result
	}
	header[keyFailed] = "true"
	body, err := json.Marshal(o.Failure)
	if err != nil { // the values in As are JSON that we made, and so it can't be
		body, _ = json.Marshal(&Failure{Text: o.Failure.Text})
	}
	return header, body
}

// DecodeOutcome is the reverse of [Outcome.Encode]. Any input is safe; an error is
// [ErrMalformed], with the reason.
func DecodeOutcome(header ctxwire.Map, body []byte) (*Outcome, error) {
	if header[keyVersion] != Version {
		return nil, fmt.Errorf("%w: version %.20q", ErrMalformed, header[keyVersion])
	}
	numbers := numbers{header: header}
	o := &Outcome{Worker: header[keyWorker], Delivery: int(min(numbers.positive(keyDelivery), maxDeliveries))}
	if numbers.err != nil {
		return nil, numbers.err
	}
	if header[keyFailed] == "" {
		o.Result = body
		return o, nil
	}
	f, err := DecodeFailure(body)
	if err != nil {
		return nil, err
	}
	o.Failure = f
	return o, nil
}

// Encode returns f as JSON, for an engine that sends the cause of a cancellation.
func (f *Failure) Encode() []byte {
	_, body := (&Outcome{Failure: f}).Encode()
	return body
}

// DecodeFailure is the reverse of [Failure.Encode]. Any input is safe.
func DecodeFailure(body []byte) (*Failure, error) {
	f := new(Failure)
	if err := json.Unmarshal(body, f); err != nil {
		return nil, fmt.Errorf("%w: a failure: %w", ErrMalformed, err)
	}
	return f, nil
}

// numbers reads the numbers of a header, and keeps the first fault.
type numbers struct {
	header ctxwire.Map
	err    error
}

func (n *numbers) positive(key string) int64 {
	i, err := strconv.ParseInt(n.header[key], 10, 64)
	if (err != nil || i <= 0) && n.err == nil {
		n.err = fmt.Errorf("%w: %s is %.20q", ErrMalformed, key, n.header[key])
	}
	return i
}

// isName reports whether s may be the name of a function or the ID of a job: what
// every engine has room for in the names of its own things.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range s {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
