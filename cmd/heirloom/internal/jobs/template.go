package jobs

import (
	"fmt"
	"strconv"
	"strings"
)

// A Template makes commands of values, as GNU parallel does. These are replaced,
// quoted for the shell and for where in the command they stand:
//
//	{}    the value (all of them, if there are several)
//	{.}   without its extension; {..} and {...} without two and three
//	{/}   without its directory
//	{//}  its directory
//	{/.}  without its directory and extension
//	{2}   the second value; also {2.} {2/} {2//} {2/.}, and {-1} the last
//	{#}   the number of the job, from 1
//	{%}   the slot of the job, of as many as may run at once
//	{##}  how many jobs there are
//
// More are in the table of docs/parallel.md. A template that has none of them has {}
// at its end.
type Template struct {
	texts  []string // around the places, one more than there are of these
	places []place
	seats  []seat // of the places
	total  int
}

// A seat is the position of a place in a command. It determines how a value must be
// quoted to be data there.
type seat interface {
	// fill returns the text to put there for the values. It refuses a value that can't be
	// quoted.
	fill(values []string) (string, error)

	// slot returns text that the shell replaces with the slot of the job.
	slot() string
}

// TemplateOptions describe the use of a template.
type TemplateOptions struct {
	Values int  // how many values each job has; 0 if their numbers differ
	Total  int  // how many jobs there will be; 0 if that is not known
	Plus   bool // whether {,} {,,} {/a/b} and {//a/b} are replaced too
	Bare   bool // whether the command takes no value: none is added at its end
}

// ParseTemplate parses a command that the shell will run. It refuses a command in which
// a value would be code.
func ParseTemplate(command string, shell *Shell, o TemplateOptions) (*Template, error) {
	t := &Template{total: o.Total}
	if err := t.parse(command, o); err != nil {
		return nil, err
	}
	replaced := o.Bare || len(t.places) > 0
	if !replaced {
		last := len(t.texts) - 1
		t.texts[last] = strings.TrimRight(t.texts[last], " \t\n") + " "
		t.texts = append(t.texts, "")
		t.places = append(t.places, place{text: "{}", edit: edits[""]})
	}
	var err error
	t.seats, err = shell.seats(t.texts, t.places, !replaced && strings.TrimSpace(command) != "")
	return t, err
}

// parse cuts the text at its places.
func (t *Template) parse(text string, o TemplateOptions) error {
	for rest := text; ; {
		before, p, after, found, err := cutPlace(rest, o.Plus)
		if err != nil {
			return err
		}
		t.texts = append(t.texts, before)
		if !found {
			return nil
		}
		if most := max(p.nth, -p.nth); o.Values > 0 && most > o.Values {
			return fmt.Errorf("%s asks for value %d, and each job has %d", p.text, most, o.Values)
		}
		if o.Bare && p.kind == placeValue {
			return fmt.Errorf("%s is a value, and with --pipe there are none: the command reads its part of the input", p.text)
		}
		if p.kind == placeTotal && o.Total == 0 {
			return fmt.Errorf("%s is the number of jobs, which is known only if the values follow ::: and are not read", p.text)
		}
		t.places = append(t.places, p)
		rest = after
	}
}

// Expand returns the command for the values of job n.
func (t *Template) Expand(n int, values []string) (string, error) {
	var b strings.Builder
	for i, p := range t.places {
		b.WriteString(t.texts[i])
		var text string
		var err error
		switch p.kind {
		case placeNumber:
			text, err = t.seats[i].fill([]string{strconv.Itoa(n)})
		case placeTotal:
			text, err = t.seats[i].fill([]string{strconv.Itoa(t.total)})
		case placeSlot:
			text = t.seats[i].slot()
		default:
			var chosen []string
			if chosen, err = p.choose(values); err == nil {
				text, err = t.seats[i].fill(chosen)
			}
		}
		if err != nil {
			return "", fmt.Errorf("%s of job %d: %w", p.text, n, err)
		}
		b.WriteString(text)
	}
	b.WriteString(t.texts[len(t.places)])
	return b.String(), nil
}

// choose returns the values that a place refers to, edited.
func (p *place) choose(values []string) ([]string, error) {
	if p.nth != 0 {
		i := p.nth - 1
		if p.nth < 0 {
			i = len(values) + p.nth
		}
		if i < 0 || i >= len(values) {
			return nil, fmt.Errorf("the job has no such value; it has %d", len(values))
		}
		values = values[i : i+1]
	}
	edited := make([]string, len(values))
	for i, v := range values {
		edited[i] = p.edit(v)
	}
	return edited, nil
}
