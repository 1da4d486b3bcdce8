package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A result is a line that a benchmark printed, without its name: values by unit.
type result map[string]float64

// A series has the results of each benchmark, one for each run. Its keys are the
// benchmarks' names without "Benchmark" and the number of processors.
type series map[string][]result

var processors = regexp.MustCompile(`-\d+$`)

// parse reads the output of go test -bench.
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

// best returns the least value of a unit. It reports false if there is none.
func (s series) best(name, unit string) (least float64, ok bool) {
	for _, r := range s[name] {
		if v, has := r[unit]; has && (!ok || v < least) {
			least, ok = v, true
		}
	}
	return least, ok
}

// ratio returns the ratio of the best values of a benchmark and of a baseline.
// It reports false if one of them was not measured.
func (s series) ratio(name, baseline, unit string) (float64, bool) {
	v, ok := s.best(name, unit)
	base, has := s.best(baseline, unit)
	return v / base, ok && has && base > 0
}
