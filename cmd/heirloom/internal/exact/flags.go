package exact

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Args are the arguments of a go command, and the positions of those that are to be
// changed.
type Args struct {
	list []string
	flags
	dir string
}

// flags has the positions of the last -tags and the last -overlay in a list of
// arguments, which are the ones that count. The value is in the same argument or in the
// next one. -1 means that there is none.
type flags struct{ tags, overlay int }

// noValue are the flags of go build and go test that take no value.
var noValue = map[string]bool{
	"a": true, "artifacts": true, "asan": true, "benchmem": true, "buildvcs": true, "c": true, "cover": true,
	"deps": true, "e": true, "export": true, "failfast": true, "find": true, "fix": true, "fullpath": true,
	"i": true, "json": true, "linkshared": true, "m": true, "modcacherw": true, "msan": true, "n": true,
	"race": true, "retracted": true, "short": true, "test": true, "trimpath": true, "u": true, "v": true,
	"versions": true, "work": true, "x": true, "compiled": true, "diff": true,
}

// ParseArgs reads the arguments that follow go.
func ParseArgs(args []string) *Args {
	a := &Args{list: slices.Clone(args), flags: flags{-1, -1}}
	i := a.chdir(0)
	if i >= len(args) {
		return a
	}
	command := args[i]
	i = a.chdir(i + 1)
	for ; i < len(args); i++ {
		name, _, joined, ok := split(args[i])
		switch {
		case !ok && command == "test":
			continue // flags may follow the packages
		case !ok, name == "args":
			return a // the rest is for the program, or packages
		}
		switch name {
		case "tags":
			a.tags = i
		case "overlay":
			a.overlay = i
		}
		if !joined && !noValue[name] {
			i++
		}
	}
	return a
}

// chdir reads -C dir at an index, and returns the index after it.
func (a *Args) chdir(i int) int {
	if i >= len(a.list) {
		return i
	}
	switch name, value, joined, _ := split(a.list[i]); {
	case name != "C":
		return i
	case joined:
		a.dir = value
		return i + 1
	case i+1 < len(a.list):
		a.dir = a.list[i+1]
		return i + 2
	}
	return i
}

// split splits -name=value, --name=value, and the same without a value. It reports
// false if arg is not a flag.
func split(arg string) (name, value string, joined, ok bool) {
	if len(arg) < 2 || arg[0] != '-' || arg == "--" {
		return "", "", false, false
	}
	name, value, joined = strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	return name, value, joined, true
}

// Dir returns the folder that -C names, or "".
func (a *Args) Dir() string { return a.dir }

// Merge returns the arguments, and the value for GOFLAGS, with which the go command
// builds in exact mode. goflags is the user's value. prepare gets the name of the
// user's overlay, or "", and returns the name of an overlay that does both.
//
// A flag among the arguments outranks GOFLAGS. Merge changes the user's -tags and
// -overlay where they are, and leaves all other arguments alone. In any case it adds
// ours to GOFLAGS, for other go commands that this one starts.
func (a *Args) Merge(goflags string, prepare func(userOverlay string) (string, error)) (args []string, newFlags string, err error) {
	env, err := splitQuoted(goflags)
	if err != nil {
		return nil, "", fmt.Errorf("GOFLAGS: %w", err)
	}
	inEnv := flags{-1, -1}
	for i, arg := range env {
		switch name, _, _, _ := split(arg); name {
		case "tags":
			inEnv.tags = i
		case "overlay":
			inEnv.overlay = i
		}
	}
	if inEnv.overlay < 0 {
		inEnv.overlay = len(env)
		env = append(env, "-overlay=")
	}
	if inEnv.tags < 0 {
		inEnv.tags = len(env)
		env = append(env, "-tags=")
	}
	args = slices.Clone(a.list)
	for _, flag := range []struct {
		list  []string
		index int
		to    func(string) (string, error)
	}{
		{env, inEnv.overlay, prepare}, {env, inEnv.tags, withTag},
		{args, a.overlay, prepare}, {args, a.tags, withTag},
	} {
		if err := changeValue(flag.list, flag.index, flag.to); err != nil {
			return nil, "", err
		}
	}
	newFlags, err = joinQuoted(env)
	return args, newFlags, err
}

// changeValue changes the value of the flag at an index; -1 means no flag.
func changeValue(list []string, index int, to func(string) (string, error)) (err error) {
	if index < 0 {
		return nil
	}
	switch name, value, joined, _ := split(list[index]); {
	case joined:
		value, err = to(value)
		list[index] = "-" + name + "=" + value
	case index+1 < len(list):
		list[index+1], err = to(list[index+1])
	} // otherwise the go command will report that the value is missing
	return err
}

// withTag adds our tag to a list of build tags, which may be separated by commas or, in
// the old form, by spaces.
func withTag(tags string) (string, error) {
	list := strings.FieldsFunc(tags, func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(list, Tag) {
		list = append(list, Tag)
	}
	return strings.Join(list, ","), nil
}

const spaces = " \t\r\n"

// splitQuoted splits as the go command splits GOFLAGS: at spaces, except within quotes
// around a whole part.
func splitQuoted(s string) ([]string, error) {
	var list []string
	for {
		s = strings.TrimLeft(s, spaces)
		if s == "" {
			return list, nil
		}
		if quote := s[:1]; quote == `"` || quote == "'" {
			part, rest, ok := strings.Cut(s[1:], quote)
			if !ok {
				return nil, fmt.Errorf("there is no %s at the end of %s", quote, s)
			}
			list, s = append(list, part), rest
			continue
		}
		end := strings.IndexAny(s, spaces)
		if end < 0 {
			end = len(s)
		}
		list, s = append(list, s[:end]), s[end:]
	}
}

// joinQuoted is the reverse of splitQuoted.
func joinQuoted(list []string) (string, error) {
	list = slices.Clone(list)
	for i, part := range list {
		switch {
		case !strings.ContainsAny(part, spaces+`"'`):
		case !strings.Contains(part, "'"):
			list[i] = "'" + part + "'"
		case !strings.Contains(part, `"`):
			list[i] = `"` + part + `"`
		default:
			return "", fmt.Errorf("GOFLAGS can't have both kinds of quotes in one flag: %s", part)
		}
	}
	return strings.Join(list, " "), nil
}

// IsGo reports whether a command has the name of a go command, in any folder: go, or a
// name such as go1.27.4, as golang.org/dl installs it.
func IsGo(command string) bool {
	name := strings.TrimSuffix(filepath.Base(command), ".exe")
	return strings.Trim(strings.TrimPrefix(name, "go"), "0123456789.") == "" && strings.HasPrefix(name, "go")
}
