package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A result is one line that a benchmark printed, without its name: values by
// their units.
type result map[string]float64

// series has the results of each benchmark, one for each round, by its name
// without "Benchmark" and the number of processors.
type series map[string][]result

var processors = regexp.MustCompile(`-\d+$`)

// parse reads what go test -bench printed.
func parse(r io.Reader) (series, error) {
	s := series{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		values := result{}
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values[fields[i+1]] = v
		}
		s[name] = append(s[name], values)
	}
	return s, lines.Err()
}

// median returns the median of the values of one unit. It reports false if there
// are none.
func (s series) median(name, unit string) (float64, bool) {
	var values []float64
	for _, r := range s[name] {
		if v, ok := r[unit]; ok {
			values = append(values, v)
		}
	}
	return middle(values)
}

// ratio returns the median, over the rounds, of the ratio of a benchmark to a
// baseline. It reports false if there are no rounds with both.
func (s series) ratio(name, baseline, unit string) (float64, bool) {
	var ratios []float64
	for i := range min(len(s[name]), len(s[baseline])) {
		v, ok := s[name][i][unit]
		base := s[baseline][i][unit]
		if ok && base > 0 {
			ratios = append(ratios, v/base)
		}
	}
	return middle(ratios)
}

func middle(values []float64) (float64, bool) {
	n := len(values)
	if n == 0 {
		return 0, false
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2, true
}
