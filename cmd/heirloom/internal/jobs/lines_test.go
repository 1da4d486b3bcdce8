package jobs_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func collect(t *testing.T, s jobs.Stream) (commands []string, err error) {
	t.Helper()
	for j, e := range s {
		if e != nil {
			return commands, e
		}
		commands = append(commands, j.Command)
	}
	return commands, nil
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, reason, text string
		sep                byte
		want               []string
		err                string
	}{
		{name: "empty", reason: "nothing is no job"},
		{name: "lines", reason: "the last may lack its end", text: "a\nb", sep: '\n', want: []string{"a", "b"}},
		{name: "blank", reason: "blank lines and comments are no jobs", text: "\n  \n# x\n  # y\na # z\n", sep: '\n', want: []string{"a # z"}},
		{name: "crlf", reason: "lines from Windows", text: "a\r\nb\r\n", sep: '\n', want: []string{"a", "b"}},
		{name: "nul", reason: "a command may have several lines", text: "a\nb\x00c\x00", want: []string{"a\nb", "c"}},
		{name: "nul in line", reason: "such a file was meant for -0", text: "a\nb\x00c\n", sep: '\n', want: []string{"a"},
			err: "line 2 holds a NUL, which no command can; separate with -0?"},
		{name: "long", reason: "a line is as long as it is", text: "a\n" + strings.Repeat("x", 2<<20) + "\nb\n", sep: '\n',
			want: []string{"a", strings.Repeat("x", 2<<20), "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			got, err := collect(t, jobs.Lines(strings.NewReader(tt.text), tt.sep))
			assert.Equal(t, tt.want, got, tt.reason)
			if tt.err == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, tt.err)
			}
		})
	}
}

func TestLinesReturnsReadErrors(t *testing.T) {
	broken := errors.New("broken")
	got, err := collect(t, jobs.Lines(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), '\n'))
	assert.Equal(t, []string{"a"}, got)
	assert.ErrorIs(t, err, broken)
}

func TestLinesReadsNoFurtherThanAsked(t *testing.T) {
	r, w := io.Pipe()
	go w.Write([]byte("a\n"))
	for j := range jobs.Lines(r, '\n') {
		assert.Equal(t, "a", j.Command, "before the writer has said more")
		break
	}
}

func TestValues(t *testing.T) {
	parsed := template(t, "x {#}:{1}{2}", jobs.TemplateOptions{Values: 2})
	got, err := collect(t, parsed.Jobs(jobs.Product([][][]string{{{"a"}, {"b"}}, {{"1"}, {"2"}}})))
	require.NoError(t, err)
	assert.Equal(t, []string{"x 1:a1", "x 2:a2", "x 3:b1", "x 4:b2"}, got, "the last list changes fastest")

	got, err = collect(t, parsed.Jobs(jobs.Product([][][]string{{{"a"}, {"b"}}, {}})))
	require.NoError(t, err)
	assert.Empty(t, got)

	for j := range parsed.Jobs(jobs.Product([][][]string{{{"a"}, {"b"}}, {{"1"}, {"2"}}})) {
		assert.Equal(t, "a 1", j.Name, "a job is called by its values")
		break
	}
}

func TestValueLines(t *testing.T) {
	parsed := template(t, "x", jobs.TemplateOptions{Values: 1})
	got, err := collect(t, parsed.Jobs(jobs.LineRows(strings.NewReader("a b\n\n# c\n"), '\n')))
	require.NoError(t, err)
	assert.Equal(t, []string{"x 'a b'", "x ''", "x '# c'"}, got, "every line is a value")

	_, err = collect(t, parsed.Jobs(jobs.LineRows(strings.NewReader("a\x00"), '\n')))
	assert.ErrorContains(t, err, "line 1 holds a NUL")
}

func TestSkipBOM(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbfa": "a", "\xef\xbba": "\xef\xbba", "\xef\xbb": "\xef\xbb", "\xefab": "\xefab", "a": "a", "": "",
	} {
		r := bufio.NewReader(strings.NewReader(text))
		require.NoError(t, jobs.SkipBOM(r), "%q", text)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	for _, text := range []string{"\xff\xfea", "\xfe\xffa"} {
		assert.ErrorContains(t, jobs.SkipBOM(bufio.NewReader(strings.NewReader(text))), "UTF-16")
	}
}

func TestWholeStream(t *testing.T) {
	s, n, err := jobs.Commands([]string{"a", "b"}).Whole()
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	for range 2 {
		got, err := collect(t, s)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, got)
	}
	for range s {
		break
	}
	_, _, err = jobs.Lines(iotest.ErrReader(io.ErrUnexpectedEOF), '\n').Whole()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
