package jobs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A limit says which values are data in a place where quotes are not enough, because
// something other than the shell reads the value.
type limit struct {
	allowed *regexp.Regexp
	why     string // what would happen to other values, and what to write instead
}

func (l limit) check(value string) error {
	if l.allowed.MatchString(value) {
		return nil
	}
	return fmt.Errorf("%q %s", value, l.why)
}

// The texts that values may be limited to.
var (
	aNumber   = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	aName     = regexp.MustCompile(`^(-?[A-Za-z0-9_.:/@+]+)*$`)
	aTarget   = regexp.MustCompile(`^([A-Za-z0-9_./:,+@%\x{80}-\x{10FFFF}][A-Za-z0-9_./:,+@%\x{80}-\x{10FFFF}-]*)?$`)
	plainText = regexp.MustCompile(`^[A-Za-z0-9 \t_./:,+@%=\x{80}-\x{10FFFF}-]*$`)
	inertText = regexp.MustCompile("^[^$`]*$")
	noPipe    = regexp.MustCompile(`^([^\s<>|+!]((?s:.*)[^|\s])?)?$`)
	aHost     = regexp.MustCompile(`^[A-Za-z0-9_.:/@,[\]%][A-Za-z0-9_.:/@,[\]%-]*$`)
	noAddress = regexp.MustCompile(`^[A-Za-z0-9_./@-]*$`)
	aWord     = regexp.MustCompile(`^[A-Za-z0-9_./@+:-]*$`)
	noDollar  = regexp.MustCompile(`^[^$]*$`)
	noOption  = regexp.MustCompile(`^([^-]|-?$)`)
	noOptions = regexp.MustCompile(`^([^-+]|-?$)`) // for programs whose options may begin with +
)

var (
	onlyNumber = limit{aNumber, "would be code there, where only a number is not"}
	onlyFed    = limit{aNumber, "would be code of what reads it, where only a number is not; give it as an argument, as in sh -s {}"}

	onlyDescriptor = limit{aNumber, "could run, because some shells expand it twice there; write > {} 2>&1"}

	// Expressions run the $(…) and `…` that they find in variables: x='a[$(ls)]'.
	onlyInert = limit{inertText, "could run, because the command computes with variables, and $ and ` in these are code"}
	onlyPlain = limit{plainText, `would be code in a makefile; write X={} make, and "$$X" there`}
	onlyGoal  = limit{aTarget, `would be an option, an assignment or code of make's, and no target; write make -j{} for an option, and X={} make with "$$X" in the makefile for a variable`}
	onlyName  = limit{aName, "would be code there, where only a name or a number is not"}
	onlyFile  = limit{noPipe, "is no file to every program: what begins or ends with a |, or begins with a !, is run; write ./{} or < {}"}
	onlyHost  = limit{aHost, "would be in a command of ssh's, where only hosts are data"}
	onlyWord  = limit{aWord, "could be an option of a tool's that runs a command; only letters, digits and _./@+:- could not"}
	notDollar = limit{noDollar, `would be changed: sudo -s and -i replace $names; write sudo -i sh -c '… "$1"' _ {}, or leave -s away`}
	notSocat  = limit{noAddress, "may be an address of socat's that runs a command; only letters, digits and _./@- are not"}
)

// limitVariables limits the values in the variables of w.
func (p *program) limitVariables(w *syntax.Word, l limit) {
	p.flow.limited = append(p.flow.limited, limited{p.expansions(w), l})
}

// limit limits the values in the places in n.
func (p *program) limit(n syntax.Node, l limit) {
	found, _ := p.marks(p.source(n))
	for _, i := range found {
		p.seats[i].restrict(l)
	}
}

// unflagged allows no value at the beginning of the word to be an option.
func (p *program) unflagged(w *syntax.Word, allowed *regexp.Regexp, name, instead string) {
	// Quotes before a place come before its value.
	l := limit{allowed, "would be an option of " + name + "'s, which has some that run commands; write " + instead}
	found, at := p.marks(p.source(w))
	if len(found) > 0 && strings.Trim(p.source(w)[:at[0][0]], `'"`) == "" {
		p.seats[found[0]].restrict(l)
	}
	if strings.HasPrefix(strings.TrimLeft(p.source(w), `'"`), "$") {
		p.limitVariables(w, l)
		p.limit(w, l) // $(basename {})
	}
}

func (s *posixSeat) restrict(l limit) {
	if !slices.Contains(s.limits, l) {
		s.limits = append(s.limits, l)
	}
}
