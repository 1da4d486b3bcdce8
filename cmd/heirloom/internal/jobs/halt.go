package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Halt is a condition that ends a run before all its jobs have run. The zero Halt is
// never met.
type Halt struct {
	Now     bool // cancel the running jobs too, instead of only starting no more
	On      Kind
	Count   int     // how many jobs of the kind, or
	Percent float64 // how many in a hundred of all jobs
}

// A Kind says which jobs a Halt counts.
type Kind int

const (
	Failures Kind = iota
	Successes
	Ends
)

// ParseHalt parses GNU parallel's form: never, or soon or now with a count, as in
// now,fail=1 and soon,success=20%. 0, 1 and 2 are its older names for never,
// soon,fail=1 and now,fail=1, and 5% for soon,fail=5%.
func ParseHalt(s string) (h Halt, err error) {
	switch s {
	case "never", "0", "":
		return Halt{}, nil
	case "1":
		s = "soon,fail=1"
	case "2":
		s = "now,fail=1"
	default:
		if _, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64); err == nil && strings.HasSuffix(s, "%") {
			s = "soon,fail=" + s
		}
	}
	when, what, _ := strings.Cut(s, ",")
	on, n, counted := strings.Cut(what, "=")
	switch when {
	case "now":
		h.Now = true
	case "soon":
	default:
		return h, errors.New(`write never, or soon or now and when, as in "now,fail=1"`)
	}
	switch on {
	case "fail":
	case "success":
		h.On = Successes
	case "done":
		h.On = Ends
	default:
		return h, fmt.Errorf(`what is counted is fail, success or done, as in "%s,fail=1"`, when)
	}
	if !counted {
		n = "1"
	}
	if percent, ok := strings.CutSuffix(n, "%"); ok {
		if h.Percent, err = strconv.ParseFloat(percent, 64); err != nil || !(h.Percent > 0 && h.Percent <= 100) {
			return h, fmt.Errorf("%q is not a percentage", n)
		}
		return h, nil
	}
	if h.Count, err = strconv.Atoi(n); err != nil || h.Count < 1 {
		return h, fmt.Errorf("%q is not a number of jobs", n)
	}
	return h, nil
}

// reached reports whether the counts end a run of that many jobs. A job that succeeded
// in a run which this one resumes counts as if it had succeeded in this one, as with
// GNU parallel. A job that failed there runs again, and counts if it fails again.
func (h Halt) reached(c Counts, all int) bool {
	bad := c.Failed + c.TimedOut
	n := map[Kind]int{Failures: bad, Successes: c.OK + c.Resumed, Ends: c.OK + c.Resumed + bad}[h.On]
	if h.Count > 0 {
		return n >= h.Count
	}
	return h.Percent > 0 && n > 0 && float64(n)*100 >= h.Percent*float64(all)
}

// Codes are exit codes, in ranges.
type Codes [][2]int

// ExitTimeout is the exit code that stands for a timeout, as in timeout(1).
const ExitTimeout = 124

// ParseCodes parses a list such as 1,75,100-110, in which timeout means 124.
func ParseCodes(s string) (codes Codes, err error) {
	for field := range strings.SplitSeq(s, ",") {
		field = strings.TrimSpace(field)
		if field == "timeout" {
			field = strconv.Itoa(ExitTimeout)
		}
		from, to, isRange := strings.Cut(field, "-")
		if !isRange {
			to = from
		}
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || low < 1 || high > 255 || low > high {
			return nil, fmt.Errorf("%q is neither an exit code from 1 to 255, nor a range such as 100-110, nor timeout", field)
		}
		codes = append(codes, [2]int{low, high})
	}
	return codes, nil
}

// has reports whether an attempt with that end is to be repeated.
func (cs Codes) has(r *Result) bool {
	code := r.Exit
	if r.State == TimedOut {
		code = ExitTimeout
	}
	return cs == nil || slices.ContainsFunc(cs, func(c [2]int) bool { return c[0] <= code && code <= c[1] })
}
