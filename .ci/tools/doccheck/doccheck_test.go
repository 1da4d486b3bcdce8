package main

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	program := "package main\n\nfunc main() {\n\trun(1) // once\n\n\trun(2)\n}\n"
	for _, tt := range []struct {
		name, page, want string
		reason           string
	}{
		{"file", "[a](docs/a.md) [b](docs)", "", "a file and a folder"},
		{"missing file", "[a](docs/b.md)", "README.md:1: docs/b.md: no such file", ""},
		{"image", "one\n\n[![a](docs/a.png)](docs/a.md)", "README.md:3: docs/a.png: no such file", "a picture within a link"},
		{"elsewhere", "[a](https://example.com/x) [m](mailto:a@example.com)", "", "the network is not asked"},
		{"heading", "[a](docs/a.md#two-words-of-code)", "", "GitHub's anchor, without backquotes and punctuation"},
		{"missing heading", "[a](docs/a.md#three)", "README.md:1: docs/a.md#three: no such heading", ""},
		{"second heading", "[a](docs/a.md#same-1)", "", "headings of one name are counted"},
		{"own heading", "# Here\n[a](#here) [b](#there)", "README.md:2: #there: no such heading", ""},
		{"definition", "[a]\n\n[a]: docs/none.md", "README.md:3: docs/none.md: no such file", ""},
		{"in code", "`[a](none.md)`\n```sh\n[a](none.md)\n```", "", "neither is a link"},
		{"package", "[a](https://pkg.go.dev/github.com/heirloom-go/heirloom/cmd)", "", "a folder with Go files"},
		{"missing package", "[a](https://pkg.go.dev/github.com/heirloom-go/heirloom/docs)",
			"README.md:1: https://pkg.go.dev/github.com/heirloom-go/heirloom/docs: no such package in this repository", ""},
		{"shown program", "```go\nfunc main() {\n    run(1)\n    run(2) // again\n}\n```", "", "but for comments, indentation and empty lines"},
		{"excerpt", "```go\nfunc main() {\nrun(2)\n}\n```", "", "lines may be left out"},
		{"stale program", "text\n```go\nrun(1)\nrun(3)\n```", "README.md:3: no Go file has this code; the nearest lacks: run(3)", ""},
		{"other order", "```go\nrun(2)\nrun(1)\n```", "README.md:2: no Go file has this code; the nearest lacks: run(1)", ""},
		{"no Go", "```go\nfunc {\n```", "README.md:2: this does not parse as Go:", ""},
		{"test", "| theirs | ours |\n|---|---|\n| TestTheirs | TestOurs, a few, `ExampleOurs_x` |", "", "only our column is looked at"},
		{"missing test", "| ours | why |\n|---|---|\n| TestOurs, TestCall… | TestTheirs |", "README.md:3: TestCall: no such test in this repository", ""},
		{"second table", "| ours |\n|---|\n| TestOurs |\n\n| theirs | more |\n|---|---|\n| TestTheirs | |", "", "each has columns of its own"},
		{"other language", "```sh\nfunc {\n```", "", "only Go is read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"README.md":       {Data: []byte(tt.page)},
				"docs/a.md":       {Data: []byte("# Two `words`, of code!\n## Same\n## Same\n```go\nx := …\n```\n")},
				"cmd/main.go":     {Data: []byte(program)},
				"cmd/our_test.go": {Data: []byte("package main\n\nfunc TestOurs(t *testing.T) {}\nfunc ExampleOurs_x() {}\n")},
				"testdata/bad.md": {Data: []byte("[a](none.md)")},
			}
			findings, err := check(fsys, append(slices.Sorted(maps.Keys(fsys)), "deleted.md"))
			require.NoError(t, err)
			if tt.want == "" {
				assert.Empty(t, findings, tt.reason)
				return
			}
			require.Len(t, findings, 1, tt.reason)
			assert.Contains(t, findings[0].String(), tt.want, tt.reason)
		})
	}
}

func TestTranslation(t *testing.T) {
	const original = "# Name\n```go\nrun(1) // once\n```\n| `Get` | [a](a.md) | 1.5 ns, in words |\n"
	for _, tt := range []struct {
		name, page, want string
	}{
		{"same", "# 名\n```go\nrun(1) // 一次\n```\n| 词 `Get`，1.5 ns | [甲](a.md) |  |\n", ""},
		{"other code", "```go\nrun(2)\n```\n| `Get` | [a](a.md) | 1.5 |\n", "README.zh-CN.md:2: code unlike README.md's: has run(2), not run(1)"},
		{"no code", "| `Get` | [a](a.md) | 1.5 |\n", "README.zh-CN.md:1: code unlike README.md's: has 0 blocks, not 1 blocks"},
		{"other figure", "```go\nrun(1)\n```\n| `Get` | [a](a.md) | 1.6 |\n", "README.zh-CN.md:4: table unlike README.md's: has 1.6, not 1.5"},
		{"one less", "```go\nrun(1)\n```\n| `Get` | 1.5 |\n", "README.zh-CN.md:4: table unlike README.md's: has `Get`, not ](a.md)"},
		{"no row", "```go\nrun(1)\n```\n", "README.zh-CN.md:1: tables unlike README.md's: has 0 rows, not 1 rows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"README.md":       {Data: []byte(original)},
				"README.zh-CN.md": {Data: []byte(tt.page)},
				"a.md":            {},
				"main.go":         {Data: []byte("package main\n\nfunc main() {\n\trun(1)\n}\n")},
			}
			findings, err := check(fsys, []string{"README.md", "README.zh-CN.md", "a.md", "main.go"})
			require.NoError(t, err)
			if tt.want == "" {
				assert.Empty(t, findings)
				return
			}
			require.NotEmpty(t, findings)
			assert.Contains(t, findings[0].String(), tt.want)
		})
	}
	findings, err := check(fstest.MapFS{"GUIDE.de.md": {}}, []string{"GUIDE.de.md"})
	require.NoError(t, err)
	require.Len(t, findings, 1)
}

func TestNames(t *testing.T) {
	const code = "package task\n\ntype Task int\n\nfunc (Task) Await() {}\n\nfunc Go() {}\n\nfunc Name() Option { return nil }\n\n" +
		"func Typed[T any]() Option[T] { return nil }\n\ntype Option any\n\nvar ErrGone, hidden = 1, 2\n\nconst Running = 1\n"
	for _, tt := range []struct {
		name, page, want string
		reason           string
	}{
		{"complete", "### task\n| `Task`, `Go` | |\n| `Option`, `Running` | |\n### Others\n| `grpc.Wire` | |\n", "", "a method, an option and an error need no row"},
		{"missing", "### task\n| `Task`, `Go` | `Running` |\n| `Option` | |\n### Others\n| `Wire` | |\n",
			"docs/decisions.md:1: task.Running: no reason is given for this exported name", "the second column has the reasons"},
		{"in another table", "### task\n| `Task`, `Go`, `Running` | |\n### Others\n| `Wire`, `Option` | |\n",
			"docs/decisions.md:1: task.Option: no reason is given for this exported name", "a package with a table has its names there"},
		{"gone", "### task\n| `Task`, `Go`, `Option`, `Running`, `Old`, the `Err` variables | |\n### Others\n| `Wire` | |\n",
			"docs/decisions.md:2: Old: no such exported name", ""},
		{"gone from others", "### task\n| `Task`, `Go`, `Option`, `Running` | |\n### Others\n| `Wire`, `Cord` | |\n",
			"docs/decisions.md:4: Cord: no such exported name", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"docs/decisions.md":    {Data: []byte(tt.page)},
				"task/task.go":         {Data: []byte(code)},
				"task/task_test.go":    {Data: []byte("package task\n\nfunc Helper() {}\n")},
				"ctxvar/grpc/grpc.go":  {Data: []byte("package grpc\n\ntype Wire int\n")},
				"internal/gls/gls.go":  {Data: []byte("package gls\n\ntype Frame int\n")},
				"cmd/heirloom/main.go": {Data: []byte("package main\n\nfunc Main() {}\n")},
			}
			findings, err := check(fsys, slices.Sorted(maps.Keys(fsys)))
			require.NoError(t, err)
			if tt.want == "" {
				assert.Empty(t, findings, tt.reason)
				return
			}
			require.Len(t, findings, 1, tt.reason)
			assert.Equal(t, tt.want, findings[0].String(), tt.reason)
		})
	}
}
