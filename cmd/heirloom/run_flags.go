package main

import (
	"slices"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/nearest"
)

// runFlags are the flags of heirloom run.
type runFlags struct {
	limit      int
	file       string
	format     string
	null       bool
	output     string
	colour     string
	quiet      bool
	summary    string
	asJSON     bool
	dryRun     bool
	failFast   bool
	keepGoing  bool
	retries    int
	retryDelay time.Duration
	timeout    time.Duration
	grace      time.Duration
	log        string
	resume     bool
	env        []string
	shell      string
}

// What flags with a fixed set of values can be, the default first.
var (
	formats = []string{"auto", "lines", "jsonl", "toml"}
	outputs = []string{"whole", "ordered", "lines", "direct"}
	whens   = []string{"auto", "always", "never"}
)

// check finds what is wrong with the flags by themselves.
func (f *runFlags) check() error {
	for _, choice := range []struct {
		flag, value string
		known       []string
	}{
		{"--format", f.format, formats},
		{"--output", f.output, outputs},
		{"--color", f.colour, whens},
		{"--summary", f.summary, whens},
	} {
		if !slices.Contains(choice.known, choice.value) {
			if best, ok := nearest.Name(choice.value, choice.known); ok {
				return usagef("%s cannot be %q; did you mean %q?", choice.flag, choice.value, best)
			}
			return usagef("%s cannot be %q, but %s", choice.flag, choice.value, strings.Join(choice.known, ", "))
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{
		{"--timeout", f.timeout},
		{"--grace", f.grace},
		{"--retry-delay", f.retryDelay},
		{"--retries", time.Duration(f.retries)},
		{"--jobs", time.Duration(f.limit)},
	} {
		if d.value < 0 {
			return usagef("%s cannot be negative", d.flag)
		}
	}
	switch {
	case f.failFast && f.keepGoing:
		return usagef("--fail-fast and --keep-going exclude each other")
	case f.resume && f.log == "":
		return usagef("--resume needs --log, the log to resume from")
	}
	return nil
}

// variables are those of --env.
func (f *runFlags) variables() (map[string]string, error) {
	env := map[string]string{}
	for _, e := range f.env {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			return nil, usagef("--env takes NAME=VALUE, not %q", e)
		}
		env[name] = value
	}
	return env, nil
}
