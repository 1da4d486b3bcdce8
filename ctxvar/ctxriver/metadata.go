package ctxriver

import (
	"encoding/json"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// metadataKey is the key in the metadata that has the texts.
const metadataKey = "ctxvar"

// merge returns metadata, a JSON object, with texts in place of those under the same keys.
func merge(metadata []byte, texts ctxwire.Map) ([]byte, error) {
	if len(texts) == 0 {
		return metadata, nil
	}
	all := map[string]json.RawMessage{}
	if len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &all); err != nil {
			return nil, fmt.Errorf("ctxriver: a job's metadata is no JSON object: %w", err)
		}
	}
	if all == nil { // metadata is null
		all = map[string]json.RawMessage{}
	}
	ours := map[string]any{}
	// A value there that is not an object is not ours, and is replaced.
	if json.Unmarshal(all[metadataKey], &ours) != nil || ours == nil {
		ours = map[string]any{}
	}
	for key, text := range texts {
		ours[key] = text
	}
	var err error
	if all[metadataKey], err = json.Marshal(ours); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// An incoming holds the texts of a job's metadata.
type incoming map[string]json.RawMessage

// parse returns the texts in metadata, or none if merge did not make it.
func parse(metadata []byte) incoming {
	var all map[string]json.RawMessage
	var texts incoming
	if json.Unmarshal(metadata, &all) != nil || json.Unmarshal(all[metadataKey], &texts) != nil {
		return nil
	}
	return texts
}

// Values returns the text under key. If there is an array of texts, it returns
// all of them, which package ctxwire refuses.
func (in incoming) Values(key string) []string {
	var text *string
	if json.Unmarshal(in[key], &text) == nil && text != nil {
		return []string{*text}
	}
	var several []string
	if json.Unmarshal(in[key], &several) != nil {
		return nil
	}
	return several
}
