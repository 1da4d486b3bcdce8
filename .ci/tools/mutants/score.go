package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A score counts the mutants of one target by what happened to them.
type score struct {
	target  string
	killed  int
	invalid int // mutants that don't compile
	alive   []key
	listed  int   // mutants that live, and are listed
	dead    []key // listed, but killed this time
	unknown []key // listed, but no longer a mutant
}

// judge compares the mutants of a target with the list.
func judge(target string, mutants []mutant, listed map[key]string) score {
	s := score{target: target}
	alive := map[key]bool{}
	for _, m := range mutants {
		_, isListed := listed[m.key]
		alive[m.key] = alive[m.key] || m.state == lives
		switch {
		case m.state == invalid:
			s.invalid++
		case m.state == killed:
			s.killed++
		case isListed:
			s.listed++
		default:
			s.alive = append(s.alive, m.key)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(listed)) {
		if !k.in(target) || alive[k] {
			continue
		}
		if _, isMutant := alive[k]; isMutant {
			s.dead = append(s.dead, k)
		} else {
			s.unknown = append(s.unknown, k)
		}
	}
	slices.Sort(s.alive)
	return s
}

// percent returns the share of unlisted mutants that a test killed.
func (s score) percent() float64 {
	if s.killed+len(s.alive) == 0 {
		return 100
	}
	return 100 * float64(s.killed) / float64(s.killed+len(s.alive))
}

func (s score) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %.1f %%: killed %d, alive %d, alive and listed %d, not compiled %d\n",
		s.target, s.percent(), s.killed, len(s.alive), s.listed, s.invalid)
	for _, k := range s.alive {
		fmt.Fprintf(&b, "%s\n", k)
	}
	for _, k := range s.dead {
		fmt.Fprintf(&b, "listed, and was killed this time: %s\n", k)
	}
	for _, k := range s.unknown {
		fmt.Fprintf(&b, "listed, and is no mutant: %s\n", k)
	}
	return b.String()
}

// err returns nil if the score is high enough and every entry of the list is needed.
func (s score) err() error {
	switch {
	case s.percent() < wanted:
		return fmt.Errorf("%s: %.1f %% of the mutants were killed, and %d %% are wanted", s.target, s.percent(), wanted)
	case len(s.unknown) > 0:
		return fmt.Errorf("%s: %d entries of the list are no mutants of it", s.target, len(s.unknown))
	}
	return nil
}
