package ctxtemporal

import (
	"errors"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what Temporal can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxtemporal", Key: keyOf}

var errKey = errors.New("use a key that is not Temporal's own")

// keyOf returns key, or an error if the SDK has a header with that name.
func keyOf(key string) (string, error) {
	if strings.HasPrefix(key, "__temporal") || key == "_tracer-data" {
		return "", errKey
	}
	return key, nil
}

// A Header is what a call of a workflow or an activity has besides its
// arguments. Functions given to [ctxwire.From] receive one.
type Header struct {
	Fields map[string]*commonpb.Payload
	run    string // the ID of the workflow's run, "" for an activity
}

var _ ctxwire.Identified = Header{}

// ID returns the ID of the run of the workflow, or "" for an activity. In a
// workflow, a request ID that was not received gets this value, which is the
// same in a replay.
func (h Header) ID() string { return h.run }

// notText is what Values returns for a payload that is not a text. No protocol
// carries it, so it is refused.
const notText = "\xff"

// Values returns the text under key, if there is one.
func (h Header) Values(key string) []string {
	payload := h.Fields[key]
	if payload == nil {
		return nil
	}
	var text string
	if converter.GetDefaultDataConverter().FromPayload(payload, &text) != nil {
		text = notText
	}
	return []string{text}
}

// An outgoing holds the headers of a call that is being made.
type outgoing struct{ workflow.HeaderWriter }

var _ ctxwire.Limited = outgoing{}

// Put sets the text under key, as JSON, which the SDKs of other languages also
// use for text.
func (o outgoing) Put(key, text string) error {
	payload, err := converter.GetDefaultDataConverter().ToPayload(text)
	if err == nil {
		o.HeaderWriter.Set(key, payload)
	}
	return err
}

// Set is Put without an error.
func (o outgoing) Set(key, text string) { _ = o.Put(key, text) }
