package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A list is the arguments that follow a separator.
type list struct {
	words  []string
	files  bool // whether the arguments name files with the values
	linked bool // whether each value belongs to one of the list before it
}

// separators begin a list.
var separators = []string{":::", ":::+", "::::", "::::+"}

// splitArguments cuts the arguments at the separators.
func splitArguments(args []string) (command []string, lists []list, err error) {
	isSeparator := func(arg string) bool { return slices.Contains(separators, arg) }
	for _, arg := range args {
		if strings.HasPrefix(arg, separators[0]) && !isSeparator(arg) {
			return nil, nil, fmt.Errorf("%q is not a separator; write :::, :::+, :::: or ::::+ and a space behind it; values that begin so can follow :::: in a file", arg)
		}
	}
	next := func() []string {
		end := slices.IndexFunc(args, isSeparator)
		if end < 0 {
			end = len(args)
		}
		words := args[:end]
		args = args[end:]
		return words
	}
	command = next()
	for len(args) > 0 {
		sep := args[0]
		args = args[1:]
		l := list{files: sep[:min(4, len(sep))] == "::::", linked: sep[len(sep)-1] == '+'}
		l.words = next()
		if l.linked && len(lists) == 0 {
			return nil, nil, fmt.Errorf("%s links values with those of a list before it, and there is none", sep)
		}
		if l.files && len(l.words) == 0 {
			return nil, nil, errors.New("there is no file after " + sep)
		}
		lists = append(lists, l)
	}
	return command, lists, nil
}
