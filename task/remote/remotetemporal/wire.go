package remotetemporal

import (
	"encoding/json"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/task/remote"
)

// maxPayload is the largest size of an argument, and of a result with its reports.
// Temporal takes 2 MiB for a payload, and a little of that is needed beside the
// content.
const maxPayload = 2<<20 - 64<<10

// maxReports is the largest total size of a job's reports, since each heartbeat has all
// of them.
const maxReports = 256 << 10

// reportsKey is the key of the reports in the metadata of an outcome.
const reportsKey = "Heirloom-Reports"

// payload returns content, as it is. Temporal's tools show it if it is JSON.
func payload(metadata ctxwire.Map, content []byte) converter.RawValue {
	p := &commonpb.Payload{Metadata: map[string][]byte{}, Data: content}
	for key, text := range metadata {
		p.Metadata[key] = []byte(text)
	}
	encoding := converter.MetadataEncodingBinary
	if json.Valid(content) {
		encoding = converter.MetadataEncodingJSON
	}
	p.Metadata[converter.MetadataEncoding] = []byte(encoding)
	return converter.NewRawValue(p)
}

// encodeOutcome returns an outcome with the reports that led to it.
func encodeOutcome(o *remote.Outcome, reports [][]byte) converter.RawValue {
	header, body := o.Encode()
	var texts []byte
	if len(reports) > 0 {
		texts, _ = json.Marshal(reports)
	}
	if len(body)+len(texts) > maxPayload {
		header, body = (&remote.Outcome{
			Worker: o.Worker, Delivery: o.Delivery, Failure: remote.NewFailure(fmt.Errorf("the result is %w", remote.ErrTooLarge)),
		}).Encode()
	}
	if texts != nil {
		header[reportsKey] = string(texts)
	}
	return payload(header, body)
}

// decodeOutcome is the reverse of encodeOutcome. Any input is safe.
func decodeOutcome(value converter.RawValue) (o *remote.Outcome, reports [][]byte, err error) {
	header := ctxwire.Map{}
	for key, text := range value.Payload().GetMetadata() {
		header[key] = string(text)
	}
	if o, err = remote.DecodeOutcome(header, value.Payload().GetData()); err != nil {
		return nil, nil, err
	}
	if texts, ok := header[reportsKey]; ok {
		if err := json.Unmarshal([]byte(texts), &reports); err != nil {
			return nil, nil, fmt.Errorf("%w: reports: %w", remote.ErrMalformed, err)
		}
	}
	return o, reports, nil
}

// A sign is the content of a heartbeat.
type sign struct {
	Delivery int      `json:"delivery"`
	Reports  [][]byte `json:"reports,omitempty"`
}
