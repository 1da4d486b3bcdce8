package jobs

// A Tag is a mark for the output of jobs.
type Tag struct{ template *Template }

// A verbatim is the seat of a place in text that no shell reads.
type verbatim struct{}

func (verbatim) fill(values []string) (string, error) { return nameOf(values), nil }
func (verbatim) slot() string                         { return "{%}" }

// ParseTag parses text that may have the places of a command. The text is the whole
// tag: no value is added at its end.
func ParseTag(text string, o TemplateOptions) (*Tag, error) {
	t := &Template{total: o.Total}
	if err := t.parse(text, o); err != nil {
		return nil, err
	}
	for range t.places {
		t.seats = append(t.seats, verbatim{})
	}
	return &Tag{t}, nil
}

// Mark gives each job of the stream its tag.
func (t *Tag) Mark(s Stream) Stream {
	return func(yield func(*Job, error) bool) {
		n := 0
		for j, err := range s {
			if err == nil {
				n++
				j.Tag, err = t.template.Expand(n, j.Values)
			}
			if !yield(j, err) || err != nil {
				return
			}
		}
	}
}
