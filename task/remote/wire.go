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

// Version is the version of the format in which jobs and outcomes are sent.
// Other versions are refused: see [DecodeJob].
const Version = "1"

// ErrMalformed is the error of a message that is neither a job nor an outcome
// of this version.
var ErrMalformed = errors.New("remote: not a job or an outcome of version " + Version)

// The keys of a message's header. Our part is a single text, whose words are
// identified by their position, because each key costs servers and clients
// something with each message.
const (
	keyJob     = "Heirloom-Job"     // version, ID, function, lease, grace, deliveries, time left or 0; times in nanoseconds
	keyOutcome = "Heirloom-Outcome" // version, delivery, ok or failed, and the worker, which may be several words
	keyVar     = "Heirloom-Var-"    // and the key of the field
)

// Encode returns j as a message: texts under keys, which consist of letters,
// digits, hyphens and the characters in the keys of [Carry]'s fields, and a
// body. now is the current time by the clock that j.Deadline uses. What
// concerns only the caller is not included.
func (j *Job) Encode(now time.Time) (header ctxwire.Map, body []byte) {
	left := time.Duration(0)
	if !j.Deadline.IsZero() {
		left = max(j.Deadline.Sub(now), 1)
	}
	header = make(ctxwire.Map, 1+len(j.Vars))
	header[keyJob] = strings.Join([]string{
		Version, j.ID, j.Func, number(j.Lease), number(j.Grace), number(j.Deliveries), number(left),
	}, " ")
	for key, text := range j.Vars {
		header[keyVar+key] = text
	}
	return header, j.Arg
}

func number[N int | time.Duration](n N) string { return strconv.FormatInt(int64(n), 10) }

// DecodeJob is the reverse of [Job.Encode]. sent is the time when the message
// was sent, by the clock of this machine, as far as the engine knows: the
// deadline is computed from it and the time left. Any input is safe; an error
// is [ErrMalformed], with the reason.
func DecodeJob(header ctxwire.Map, body []byte, sent time.Time) (*Job, error) {
	w, err := readWords(header[keyJob], 7)
	if err != nil {
		return nil, err
	}
	j := &Job{ID: w.text[1], Func: w.text[2], Arg: body, Vars: ctxwire.Map{}}
	if !isName(j.ID) || !isName(j.Func) {
		return nil, fmt.Errorf("%w: job %.20q of function %.20q", ErrMalformed, j.ID, j.Func)
	}
	j.Lease = time.Duration(w.positive(3))
	j.Grace = time.Duration(w.positive(4))
	j.Deliveries = int(min(w.positive(5), maxDeliveries))
	if w.text[6] != "0" {
		j.Deadline = sent.Add(time.Duration(w.positive(6)))
	}
	if w.err != nil {
		return nil, w.err
	}
	for key, text := range header {
		if name, ok := strings.CutPrefix(key, keyVar); ok {
			j.Vars[name] = text
		}
	}
	return j, nil
}

// The words of an outcome that say how it is.
const (
	wordOK     = "ok"
	wordFailed = "failed"
)

// Encode returns o as a message.
func (o *Outcome) Encode() (header ctxwire.Map, body []byte) {
	how := wordOK
	if body = o.Result; o.Failure != nil {
		how = wordFailed
		var err error
		if body, err = json.Marshal(o.Failure); err != nil { // the values in As are JSON that we made, and so it can't be
			body, _ = json.Marshal(&Failure{Text: o.Failure.Text})
		}
	}
	return ctxwire.Map{keyOutcome: strings.Join([]string{Version, number(o.Delivery), how, o.Worker}, " ")}, body
}

// DecodeOutcome is the reverse of [Outcome.Encode]. Any input is safe; an error is
// [ErrMalformed], with the reason.
func DecodeOutcome(header ctxwire.Map, body []byte) (*Outcome, error) {
	w, err := readWords(header[keyOutcome], 4)
	if err != nil {
		return nil, err
	}
	o := &Outcome{Worker: w.text[3], Delivery: int(min(w.positive(1), maxDeliveries))}
	if w.err != nil {
		return nil, w.err
	}
	switch w.text[2] {
	case wordOK:
		o.Result = body
		return o, nil
	case wordFailed:
		o.Failure, err = DecodeFailure(body)
		if err != nil {
			return nil, err
		}
		return o, nil
	}
	return nil, fmt.Errorf("%w: an outcome that is %.20q", ErrMalformed, w.text[2])
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

// words are those of a text, and the first fault that was found in them.
type words struct {
	text []string
	err  error
}

// readWords splits a text of this version into n words, of which the last may
// contain spaces.
func readWords(text string, n int) (words, error) {
	w := words{text: strings.SplitN(text, " ", n)}
	switch {
	case w.text[0] != Version:
		return w, fmt.Errorf("%w: version %.20q", ErrMalformed, w.text[0])
	case len(w.text) < n:
		return w, fmt.Errorf("%w: %d words of %d", ErrMalformed, len(w.text), n)
	}
	return w, nil
}

func (w *words) positive(nth int) int64 {
	i, err := strconv.ParseInt(w.text[nth], 10, 64)
	if (err != nil || i <= 0) && w.err == nil {
		w.err = fmt.Errorf("%w: word %d is %.20q", ErrMalformed, nth+1, w.text[nth])
	}
	return i
}

// isName reports whether s may be the name of a function or the ID of a job:
// every engine has room for it in its own names.
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
