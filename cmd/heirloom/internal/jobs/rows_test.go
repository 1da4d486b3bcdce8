package jobs_test

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

var errRead = errors.New("cannot read")

// thenCut returns a reader that fails after the text.
func thenCut(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(errRead))
}

// rowsOf returns the rows of lists as they come.
func rowsOf(rows ...[]string) jobs.Rows {
	return func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// thenFailing returns the rows, and an error after them.
func thenFailing(rows jobs.Rows) jobs.Rows {
	return func(yield func([]string, error) bool) {
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
		}
		yield(nil, errRead)
	}
}

func rowsIn(rows jobs.Rows) (all [][]string, err error) {
	for row, err := range rows {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

// firstRow returns the first row alone. It fails if the rows go on after that.
func firstRow(t *testing.T, rows jobs.Rows) []string {
	t.Helper()
	for row, err := range rows {
		require.NoError(t, err)
		return row
	}
	return nil
}

func TestRows(t *testing.T) {
	comma := regexp.MustCompile(",")
	size := func(v string) int { return len(v) }
	abc := rowsOf([]string{"a"}, []string{"b"}, []string{"c"})
	long := rowsOf([]string{"a", "bb"}, []string{"c"}, []string{"ddddd"}, []string{"e"})
	for _, test := range []struct {
		reason string
		rows   jobs.Rows
		want   [][]string
	}{
		{"a product", jobs.Product([][][]string{{{"a"}, {"b", "c"}}, {{"1"}, {"2"}}}), [][]string{{"a", "1"}, {"a", "2"}, {"b", "c", "1"}, {"b", "c", "2"}}},
		{"columns", rowsOf([]string{"a,b"}, []string{"c", "d,"}).Columns(comma), [][]string{{"a", "b"}, {"c", "d", ""}}},
		{"by number", abc.Batches(2, nil, 0), [][]string{{"a", "b"}, {"c"}}},
		{"by number, and none is left", abc.Batches(3, nil, 0), [][]string{{"a", "b", "c"}}},
		{"one by one", abc.Batches(1, nil, 0), [][]string{{"a"}, {"b"}, {"c"}}},
		{"all in one", abc.Batches(0, nil, 0), [][]string{{"a", "b", "c"}}},
		{"by room, where what is too large is alone", long.Batches(0, size, 4), [][]string{{"a", "bb", "c"}, {"ddddd"}, {"e"}}},
		{"by room, one byte less", long.Batches(0, size, 3), [][]string{{"a", "bb"}, {"c"}, {"ddddd"}, {"e"}}},
		{"by both", long.Batches(2, size, 100), [][]string{{"a", "bb", "c"}, {"ddddd", "e"}}},
		{"by both, and neither twice", rowsOf([]string{"a"}, []string{"b"}, []string{"c"}, []string{"d"}).Batches(2, size, 3), [][]string{{"a", "b"}, {"c", "d"}}},
		{"nothing", rowsOf().Batches(2, size, 3), nil},
	} {
		got, err := rowsIn(test.rows)
		require.NoError(t, err, test.reason)
		assert.Equal(t, test.want, got, test.reason)
		if test.want != nil {
			assert.Equal(t, test.want[0], firstRow(t, test.rows), test.reason)
		}
	}
}

func TestLineRows(t *testing.T) {
	got, err := rowsIn(jobs.LineRows(strings.NewReader("a b\n\nc"), '\n'))
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"a b"}, {""}, {"c"}}, got)
	assert.Equal(t, []string{"a"}, firstRow(t, jobs.LineRows(strings.NewReader("a\nb"), '\n')))
}

func TestRowsEndWithAnError(t *testing.T) {
	comma := regexp.MustCompile(",")
	size := func(v string) int { return len(v) }
	for _, rows := range []jobs.Rows{
		jobs.LineRows(thenCut("a\nb\n"), '\n'),
		thenFailing(rowsOf([]string{"a"}, []string{"b"})).Columns(comma),
		thenFailing(rowsOf([]string{"a"}, []string{"b"})).Batches(1, size, 1),
	} {
		got, err := rowsIn(rows)
		require.ErrorIs(t, err, errRead)
		assert.Equal(t, [][]string{{"a"}, {"b"}}, got)
	}
	_, err := jobs.ReadValues(thenCut("a\n"), '\n')
	require.ErrorIs(t, err, errRead)
	values, err := jobs.ReadValues(strings.NewReader("a\x00b"), 0)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, values)
}

func TestLink(t *testing.T) {
	rows, err := jobs.Link([][]string{{"a", "b"}, {"1", "2"}, {"x", "y"}})
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"a", "1", "x"}, {"b", "2", "y"}}, rows)
	for _, lists := range [][][]string{{{"a", "b"}, {"1"}}, {{"a"}, {"1", "2"}}, {{}, {"1"}}, {{"a"}, {"1"}, {}}} {
		_, err := jobs.Link(lists)
		assert.ErrorContains(t, err, "each needs a partner", lists)
	}
}

func elsewhereTemplate(t *testing.T, command string, o jobs.TemplateOptions) *jobs.Template {
	t.Helper()
	parsed, err := jobs.ParseTemplate(command, jobs.ElsewhereShell(), o)
	require.NoError(t, err)
	return parsed
}

func streamed(s jobs.Stream) (all []*jobs.Job, err error) {
	for j, err := range s {
		if err != nil {
			return all, err
		}
		all = append(all, j)
	}
	return all, nil
}

func TestTemplateJobs(t *testing.T) {
	two := elsewhereTemplate(t, "echo {#} {2}", jobs.TemplateOptions{})
	rows := rowsOf([]string{"a", "b"}, []string{"c", "d"})
	want := []*jobs.Job{
		{Name: "a b", Command: "echo 1 b", Values: []string{"a", "b"}},
		{Name: "c d", Command: "echo 2 d", Values: []string{"c", "d"}},
	}
	got, err := streamed(two.Jobs(rows))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, two.Check(rows))

	got, err = streamed(two.Jobs(thenFailing(rows)))
	require.ErrorIs(t, err, errRead)
	assert.Equal(t, want, got)
	require.ErrorIs(t, two.Check(thenFailing(rows)), errRead)

	few := rowsOf([]string{"a", "b"}, []string{"c"}, []string{"d", "e"})
	got, err = streamed(two.Jobs(few))
	require.ErrorContains(t, err, "{2} of job 2: the job has no such value; it has 1")
	assert.Equal(t, want[:1], got)

	for _, j := range want {
		j.Template = "there"
	}
	got, err = streamed(jobs.FromTemplate(two.Jobs(thenFailing(rows)), "there"))
	require.ErrorIs(t, err, errRead)
	assert.Equal(t, want, got)

	for range two.Jobs(rows) {
		break
	}
	for range jobs.FromTemplate(two.Jobs(rows), "there") {
		break
	}
}

func TestNamesOfValuesAreBounded(t *testing.T) {
	echo := elsewhereTemplate(t, "echo {}", jobs.TemplateOptions{})
	name := func(values ...string) string {
		got, err := streamed(echo.Jobs(rowsOf(values)))
		require.NoError(t, err)
		return got[0].Name
	}
	x := strings.Repeat("x", 4<<10)
	assert.Equal(t, x[2:]+" y", name(x[2:], "y"))
	assert.Equal(t, x[2:]+" … yy (2 values)", name(x[2:], "yy"))
	assert.Equal(t, "a … c (3 values)", name("a", x, "c"))
	assert.Equal(t, x+"y", name(x+"y"), "one value is the name")
}

func TestBlocks(t *testing.T) {
	wc := elsewhereTemplate(t, "wc {#}", jobs.TemplateOptions{Bare: true})
	for _, test := range []struct {
		reason, input string
		size, records int
		want          []string
	}{
		{"as many as fit", "a\nbb\nc\n", 5, 0, []string{"a\nbb\n", "c\n"}},
		{"one byte less", "a\nbb\nc\n", 4, 0, []string{"a\n", "bb\n", "c\n"}},
		{"a longer one is alone", "a\nbbbbbb\nc\n", 3, 0, []string{"a\n", "bbbbbb\n", "c\n"}},
		{"a last one without its end", "a\nb", 2, 0, []string{"a\n", "b"}},
		{"by number, whatever their size", "a\nb\nc\n", 1, 2, []string{"a\nb\n", "c\n"}},
		{"by number, and none is left", "a\nb\n", 1, 2, []string{"a\nb\n"}},
		{"nothing", "", 1, 0, nil},
	} {
		got, err := streamed(wc.Blocks(strings.NewReader(test.input), '\n', test.size, test.records))
		require.NoError(t, err, test.reason)
		var blocks []string
		for i, j := range got {
			blocks = append(blocks, string(j.Stdin))
			number := string(rune('1' + i))
			assert.Equal(t, "block "+number, j.Name)
			assert.Equal(t, "wc "+number, j.Command)
		}
		assert.Equal(t, test.want, blocks, test.reason)
	}
	got, err := streamed(wc.Blocks(thenCut("a\nb\nc"), '\n', 2, 0))
	require.ErrorIs(t, err, errRead)
	assert.Len(t, got, 2)
	for range wc.Blocks(strings.NewReader("a\nb\nc\n"), '\n', 1, 0) {
		break
	}
	for range wc.Blocks(strings.NewReader("a\nb\nc\n"), '\n', 1, 1) {
		break
	}
}

func TestHowMuchRoomValuesTake(t *testing.T) {
	several := elsewhereTemplate(t, "echo {} {1} {#} {.}", jobs.TemplateOptions{})
	assert.Equal(t, len("x.y ")+len("x "), several.Size("x.y"), "in {} and {.}, where all values are")
	assert.Equal(t, len("echo    ")+4*32, several.Fixed())
}

func TestBareTemplatesTakeNoValue(t *testing.T) {
	for command, problem := range map[string]string{"wc": "", "wc {#}": "", "wc {}": "with --pipe there are none", "wc {1}": "with --pipe there are none"} {
		_, err := jobs.ParseTemplate(command, jobs.ElsewhereShell(), jobs.TemplateOptions{Bare: true})
		if problem == "" {
			assert.NoError(t, err, command)
		} else {
			assert.ErrorContains(t, err, problem, command)
		}
	}
}

func TestCheckMany(t *testing.T) {
	for command, problem := range map[string]string{
		"echo {}":         "",
		"echo {#} {}":     "",
		"echo x\t{}; ls":  "",
		"(echo\n{})":      "",
		"echo {} {/} end": "",
		"echo {1}":        "{1} asks for one value",
		"echo {} {-1}":    "{-1} asks for one value",
		"echo a{}":        "{} is a part of a word",
		"echo {}b":        "{} is a part of a word",
		"echo {} x{/}":    "{/} is a part of a word",
		"echo {#}":        "takes no values",
	} {
		err := elsewhereTemplate(t, command, jobs.TemplateOptions{}).CheckMany()
		if problem == "" {
			assert.NoError(t, err, command)
		} else {
			assert.ErrorContains(t, err, problem, command)
		}
	}
}

func TestTags(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"{#}/{##}: {/}", []string{"1/2: c", "2/2: d"}},
		{"same", []string{"same", "same"}},
		{"{2} by {1}; {%}", []string{"x'y by b/c; {%}", "y by d; {%}"}},
	} {
		tag, err := jobs.ParseTag(test.text, jobs.TemplateOptions{Total: 2})
		require.NoError(t, err)
		rows := rowsOf([]string{"b/c"}, []string{"d"})
		if strings.Contains(test.text, "{2}") {
			rows = rowsOf([]string{"b/c", "x'y"}, []string{"d", "y"})
		}
		echo := elsewhereTemplate(t, "echo {}", jobs.TemplateOptions{})
		got, err := streamed(tag.Mark(echo.Jobs(rows)))
		require.NoError(t, err)
		var tags []string
		for _, j := range got {
			tags = append(tags, j.Tag)
		}
		assert.Equal(t, test.want, tags)
		for range tag.Mark(echo.Jobs(rows)) {
			break
		}
		got, err = streamed(tag.Mark(echo.Jobs(thenFailing(rows))))
		require.ErrorIs(t, err, errRead)
		assert.Len(t, got, 2)
	}
	_, err := jobs.ParseTag("{3}", jobs.TemplateOptions{Values: 2})
	require.ErrorContains(t, err, "{3} asks for value 3")

	third, err := jobs.ParseTag("{2}", jobs.TemplateOptions{})
	require.NoError(t, err)
	n := 0
	for _, err := range third.Mark(elsewhereTemplate(t, "echo {}", jobs.TemplateOptions{}).Jobs(rowsOf([]string{"a"}, []string{"b"}))) {
		n++
		require.ErrorContains(t, err, "no such value")
	}
	assert.Equal(t, 1, n, "it ends with the error")
}
