package jobs_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func bracketed(v string) string { return "<" + v + ">" }

func TestTemplate(t *testing.T) {
	tests := []struct {
		command, reason string
		values          []string
		want            string
	}{
		{"gzip {}", "the value", []string{"a b"}, "gzip <a b>"},
		{"gzip", "a value has to go somewhere", []string{"a"}, "gzip <a>"},
		{"echo {#}", "a number is no value", []string{"a"}, "echo 7 <a>"},
		{"cp {} {}.bak", "as often as it is asked for", []string{"a"}, "cp <a> <a>.bak"},
		{"x {.}", "without extension", []string{"d/a.tar.gz"}, "x <d/a.tar>"},
		{"x {.}", "a dot in the directory is no extension", []string{"a.d/b"}, "x <a.d/b>"},
		{"x {.}", "a name that begins with a dot is no extension", []string{"d/.profile"}, "x <d/.profile>"},
		{"x {/}", "base name", []string{"d/e/a.c"}, "x <a.c>"},
		{"x {//}", "directory", []string{"d/e/a.c"}, "x <" + filepath.Dir("d/e/a.c") + ">"},
		{"x {//}", "the directory of a bare name", []string{"a.c"}, "x <.>"},
		{"x {/.}", "base name without extension", []string{"d/e/a.c"}, "x <a>"},
		{"{2}-{1}", "by number", []string{"a", "b"}, "<b>-<a>"},
		{"{2/.}", "by number, edited", []string{"a", "d/b.c"}, "<b>"},
		{"x {}", "all of several", []string{"a", "b"}, "x <a> <b>"},
		{"echo ${HOME} {", "braces that are not ours stay", []string{"a"}, "echo ${HOME} { <a>"},
		{"awk '{print $1}' {}", "braces that are not ours stay, and the next are seen", []string{"a"}, "awk '{print $1}' <a>"},
		{"{{}}", "ours within others", []string{"a"}, "{<a>}"},
		{"x {0} {01x}", "no such numbers", []string{"a"}, "x {0} {01x} <a>"},
		{"{} ", "a value may be empty", []string{""}, "<> "},
		{"", "a value alone", []string{"a"}, " <a>"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			template, err := jobs.ParseTemplate(tt.command, len(tt.values), bracketed)
			require.NoError(t, err)
			assert.Equal(t, tt.want, template.Expand(7, tt.values), tt.reason)
		})
	}
}

func TestTemplateAsksForTooMuch(t *testing.T) {
	_, err := jobs.ParseTemplate("echo {1} {3/}", 2, bracketed)
	assert.EqualError(t, err, "{3/} asks for value 3, and each job has 2")
}

func FuzzTemplate(f *testing.F) {
	f.Add("a {} {2/.} {{}} ${x}")
	f.Fuzz(func(t *testing.T, command string) {
		template, err := jobs.ParseTemplate(command, 2, bracketed)
		if err == nil {
			assert.Contains(t, template.Expand(1, []string{"v", "v"}), "v")
		}
	})
}
