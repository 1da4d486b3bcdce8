package ctxriver

import (
	"encoding/json"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// metadataKey is the key in the metadata under which the texts are.
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
	// What is there and no object is not ours, and is replaced.
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

// incoming are the texts of a job's metadata.
type incoming map[string]json.RawMessage

// parse returns what metadata has, or nothing if it is not as merge makes it.
func parse(metadata []byte) incoming {
	var all map[string]json.RawMessage
	var texts incoming
	if json.Unmarshal(metadata, &all) != nil || json.Unmarshal(all[metadataKey], &texts) != nil {
		return nil
	}
	return texts
}

// Values returns the text under key, or several, which package ctxwire refuses, if there
// is an array of them.
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
