package main

import (
	"bytes"
	"fmt"
	"math"
	"os"

	"golang.org/x/tools/cover"
)

// fillProfile adds to a coverage profile what it says nothing about, as run. Gremlins
// tries only operators that the profile says were run, and the ones in the conditions of
// a case and in declarations are in none of the compiler's blocks.
func fillProfile(name string) error {
	files, err := cover.ParseProfiles(name)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("mode: set\n")
	for _, f := range files {
		line, column := 1, 1
		write := func(endLine, endColumn, count int) {
			fmt.Fprintf(&b, "%s:%d.%d,%d.%d 1 %d\n", f.FileName, line, column, endLine, endColumn, count)
		}
		for _, block := range f.Blocks {
			write(block.StartLine, block.StartCol, 1)
			line, column = block.StartLine, block.StartCol
			write(block.EndLine, block.EndCol, block.Count)
			line, column = block.EndLine, block.EndCol
		}
		write(math.MaxInt32, 1, 1)
	}
	return os.WriteFile(name, b.Bytes(), 0o600)
}
