package main

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInternals(t *testing.T) {
	const text = own + "/z/internal/deep is internal to another module, " + own + "/z"
	for _, tt := range []struct {
		name, file, imported, want string
		reason                     string
	}{
		{"own", "z/z.go", "z/internal/deep", "", "of the same module"},
		{"root's own", "gather/gather.go", "internal/gls", "", "the root is a module too"},
		{"exported", "a/a.go", "z/deep", "", "no internal package"},
		{"name", "a/a.go", "z/internals", "", "neither is this"},
		{"root's", "a/a.go", "internal/gls", "a/a.go:3:8: " + own + "/internal/gls is internal to another module, " + own, "which Go allows"},
		{"root's, below a package", "z/z.go", "task/internal/x", own + "/task/internal/x is internal", "which go vet refuses, where it is built"},
		{"nested", "a/b/b.go", "z/internal/deep", text, ""},
		{"nested, in the root", "var.go", "z/internal/deep", text, "in either direction"},
		{"command", "cmd/tool/main.go", "z/internal/deep", text, "which is in the workspace"},
		{"not published", "bench/bench.go", "z/internal/deep", text, "so that it shows what users can do"},
		{"tools", ".ci/tools/main.go", "internal/gls", "is internal to another module, " + own, "whose path is not that of their folder"},
		{"test", "a/a_test.go", "internal/gls", own + "/internal/gls is internal", "tests are no exception"},
		{"helper of tests", "a/a_test.go", "internal/leakcheck", "", "but for what is for tests"},
		{"helper of tests outside of one", "a/a.go", "internal/leakcheck", own + "/internal/leakcheck is internal", ""},
		{"name of a helper", "a/a_test.go", "z/internal/leakcheck", own + "/z/internal/leakcheck is internal", "it is the root's that is for tests"},
		{"below task", "task/scope/scope.go", "internal/gls", own + "/internal/gls is not for packages below task", "as it is not for a user's"},
		{"below task, errors", "task/scope/scope.go", "internal/verdict", "", "it only words errors"},
		{"task", "task/task.go", "internal/gls", "", "it is what the others stand on"},
		{"below task, of its own", "task/scope/scope.go", "task/scope/internal/pipe", "", "no other package could have it"},
		{"test of a package below task", "task/scope/scope_test.go", "internal/leakcheck", "", "it is no part of the package"},
		{"testdata", "a/testdata/bad.go", "z/internal/deep", "", "is input of tests"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(tree)
			files[tt.file] = "package p\n\nimport \"" + own + "/" + tt.imported + "\"\n"
			err := loaded(t, checkout(t, files)).internals()
			if tt.want == "" {
				assert.NoError(t, err, tt.reason)
			} else {
				assert.ErrorContains(t, err, tt.want, tt.reason)
			}
		})
	}
}
