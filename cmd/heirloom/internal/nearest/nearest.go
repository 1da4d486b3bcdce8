// Package nearest finds the name that a mistyped name was meant to be.
package nearest

import "strings"

// Name returns the known name nearest to name, or the first of several. It reports
// whether that name is near enough to suggest: it begins with name, or a third of its
// letters, and at least one, would have to be mistyped.
func Name(name string, known []string) (string, bool) {
	best, least := "", -1
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if len(name) > 1 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(name)) {
			d = 0
		}
		if d <= max(1, len([]rune(k))/3) && (least < 0 || d < least) {
			best, least = k, d
		}
	}
	return best, least >= 0
}

// distance returns how many letters must be inserted, dropped, replaced, or swapped
// with the next one, to make b of a (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	// Three rows of the usual table are kept; the oldest is for the swaps.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
