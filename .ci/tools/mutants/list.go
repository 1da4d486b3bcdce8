package main

import (
	"fmt"
	"path"
	"strings"
)

// A key identifies a mutant by what does not change when lines move: its file, its
// function, gremlins' name for the change, and the line with the changed operator
// between guillemets. Mutants for which all of these agree share one key.
//
//	internal/trie/trie.go node.set CONDITIONALS_BOUNDARY: if shift «>» 0 {
type key string

func newKey(file, function, change, line string) key {
	return key(fmt.Sprintf("%s %s %s: %s", file, function, change, line))
}

// in reports whether a mutant belongs to a target, which is a package's folder or a
// file.
func (k key) in(target string) bool {
	file, _, _ := strings.Cut(string(k), " ")
	return file == target || path.Dir(file) == target
}

// parseList reads a list of mutants that may live. It has one mutant a line, and below
// one or several of them the reason, indented. Empty lines and lines that begin with #
// have no meaning.
func parseList(text string) (map[key]string, error) {
	listed := map[key]string{}
	var group []key
	for i, line := range strings.Split(text, "\n") {
		indented := strings.HasPrefix(line, "\t")
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case indented && len(group) == 0:
			return nil, fmt.Errorf("line %d: a reason below no mutant", i+1)
		case indented:
			for _, k := range group {
				listed[k] = strings.TrimSpace(listed[k] + " " + line)
			}
		case strings.Count(line, "«") != 1:
			return nil, fmt.Errorf("line %d: no mutant, for it has no operator between « and »: %s", i+1, line)
		default:
			k := key(line)
			if _, twice := listed[k]; twice {
				return nil, fmt.Errorf("line %d: listed twice: %s", i+1, k)
			}
			// A reason ends the group above it.
			if len(group) > 0 && listed[group[0]] != "" {
				group = nil
			}
			group = append(group, k)
			listed[k] = ""
		}
	}
	for k, why := range listed {
		if why == "" {
			return nil, fmt.Errorf("no reason given: %s", k)
		}
	}
	return listed, nil
}
