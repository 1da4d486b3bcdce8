package exact

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Patch writes the overlay as a patch for patch -p1 in the distribution's folder. It is
// for build systems that accept no overlay and make a distribution of their own.
func (d *Distribution) Patch(w io.Writer) error {
	original, insertions, err := d.find(nil)
	if err != nil {
		return err
	}
	var patch bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(original)) {
		text := original[name]
		lines := bytes.SplitAfter(text, []byte("\n"))
		fmt.Fprintf(&patch, "%s--- a/src/runtime/%s\n+++ b/src/runtime/%[2]s\n", gitHeader(name), name)
		added := 0
		for _, in := range insertions {
			if in.file != name {
				continue
			}
			// One line of context around ours is enough to find the place, since the lines
			// above ours are unique. With more context, hunks for near places would overlap.
			before := bytes.Count(text[:in.offset], []byte("\n"))
			fmt.Fprintf(&patch, "@@ -%d,2 +%d,3 @@\n %s+%s %s", before, before+added, lines[before-1], in.text, lines[before])
			added++
		}
	}
	file := fmt.Appendf(nil, accessors, d.Version)
	fmt.Fprintf(&patch, "%snew file mode 100644\n--- /dev/null\n+++ b/src/runtime/%s\n@@ -0,0 +1,%d @@\n",
		gitHeader(accessorsFile), accessorsFile, bytes.Count(file, []byte("\n")))
	for line := range bytes.Lines(file) {
		fmt.Fprintf(&patch, "+%s", line)
	}
	_, err = w.Write(patch.Bytes())
	return err
}

// gitHeader returns the line that begins a file's part of a patch in git's form.
// Without it, Bazel takes all parts for one.
func gitHeader(name string) string {
	return fmt.Sprintf("diff --git a/src/runtime/%s b/src/runtime/%[1]s\n", name)
}
