package main

import (
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
		{"no Go", "```go\nfunc {\n```", "README.md:2: this is no Go:", ""},
		{"other language", "```sh\nfunc {\n```", "", "only Go is read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"README.md":       {Data: []byte(tt.page)},
				"docs/a.md":       {Data: []byte("# Two `words`, of code!\n## Same\n## Same\n```go\nx := …\n```\n")},
				"cmd/main.go":     {Data: []byte(program)},
				"testdata/bad.md": {Data: []byte("[a](none.md)")},
			}
			names := []string{"deleted.md"}
			for name := range fsys {
				names = append(names, name)
			}
			slices.Sort(names)
			findings, err := check(fsys, names)
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
