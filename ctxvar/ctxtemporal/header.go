package ctxtemporal

import (
	"errors"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol is what Temporal can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxtemporal", Key: keyOf}

var errKey = errors.New("use a key that is not Temporal's own")

// keyOf returns key, or an error if the SDK has a header of that name.
func keyOf(key string) (string, error) {
	if strings.HasPrefix(key, "__temporal") || key == "_tracer-data" {
		return "", errKey
	}
	return key, nil
}

// A Header is what a call of a workflow or an activity has beside its arguments:
// what the functions given to [ctxwire.From] find.
type Header struct {
	Fields map[string]*commonpb.Payload
	run    string // that of the workflow, "" for an activity
}

var _ ctxwire.Identified = Header{}

// ID returns the ID of the run of the workflow, or "" for an activity. What has no
// request ID in a workflow gets this one, which is the same when it is replayed.
func (h Header) ID() string { return h.run }

// notText is what Values returns for a payload that is no text. No protocol carries
// it, so that it is refused.
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

// outgoing are the headers of a call that is being made.
type outgoing struct{ workflow.HeaderWriter }

var _ ctxwire.Limited = outgoing{}

// Put sets the text under key, as JSON, which is what the SDKs of other languages
// make of one too.
func (o outgoing) Put(key, text string) error {
	payload, err := converter.GetDefaultDataConverter().ToPayload(text)
	if err == nil {
		o.HeaderWriter.Set(key, payload)
	}
	return err
}

// Set is Put of what can't fail.
func (o outgoing) Set(key, text string) { _ = o.Put(key, text) }
