package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A package with one operator of each kind that gets a switch. Nothing tests unused.
const switchedText = `package p

type size int8

func kinds(a, b int, s string, list ...size) (n size) {
	if a < b && a <= b || a > b && (a >= b) || s == "x" || s != "y" && len(s) > 1<<4 {
		n = size(a + b - a*b/2%3)
	}
outer:
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == 1:
			continue
		case list[i] == 2:
			break outer
		}
		n += list[i]
		n -= 1
	}
	for m := n; ; {
		if m--; m < 0 {
			return n
		}
	}
}

func unused(a int) bool { return a ==
	0 }
`

const switchedTestText = `package p

import "testing"

var together bool

func TestKinds(t *testing.T) {
	together = true
	if kinds(1, 2, "z", 3, 4) != 7 {
		t.Fail()
	}
}

func TestNothing(t *testing.T) {}

func TestTogether(t *testing.T) {
	if !together {
		t.Fatal("it fails by itself")
	}
}
`

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.25\n", "p.go": switchedText, "p_test.go": switchedTestText} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	p, err := newPlan(dir, t.TempDir(), time.Minute)
	require.NoError(t, err)
	require.NotEmpty(t, p.Binary, "with no switch on, the tests pass")
	reached := map[string]int{}
	for _, r := range p.Tests {
		reached[r.Test] = len(r.Switches)
	}
	assert.Positive(t, reached["TestKinds"])
	assert.Equal(t, 0, reached["TestNothing"])
	assert.Equal(t, 0, reached["TestTogether"], "it would kill all")

	file := filepath.Join(t.TempDir(), "plan")
	require.NoError(t, p.save(file))
	loaded, err := loadPlan(file)
	require.NoError(t, err)
	assert.Equal(t, p, loaded)

	for _, test := range []struct {
		old, changed string
		passes       bool
	}{
		{"i < len", "i >= len", false},
		{"n += list", "n -= list", false},
		{"n -= 1", "n = 1", false},
		{"a ==\n\t0", "a !=\n\t0", true},
		// Gremlins puts parentheses where they are needed.
		{`a < b && a <= b || a > b && (a >= b) || s == "x" ||`, `(a < b && a <= b || a > b && (a >= b) || s == "x") &&`, false},
		{`(a >= b) || s == "x"`, `(a >= b)) && s == "x"`, false},
		{"a < b && a", "a < b || a", true},
	} {
		text := strings.Replace(switchedText, test.old, test.changed, 1)
		if strings.Contains(text, "b))") {
			text = strings.Replace(text, "if a", "if (a", 1)
		}
		copied := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(copied, "p.go"), []byte(text), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(copied, "p_test.go"), []byte(switchedTestText), 0o600))
		id, err := p.find(copied)
		require.NoError(t, err)
		require.Positive(t, id, test.changed)
		assert.Equal(t, test.passes, p.try(copied, id), test.changed)
	}
}

func TestSwitches(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.25\n", "p.go": switchedText} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	b, err := newBoard(dir)
	require.NoError(t, err)
	require.NoError(t, b.compile(dir, t.TempDir(), filepath.Join(t.TempDir(), "test")), "it compiles")
	kinds := map[string]int{}
	for c := range b.switches {
		kinds[string(c[strings.LastIndexByte(string(c), ':')+1:])]++
	}
	assert.Equal(t, map[string]int{
		"||": 3, "&&": 3, "==": 1, "!=": 4, "<": 2, "<=": 4, ">": 2, ">=": 4, "+": 1, "-": 1, "*": 2, "/": 1,
		"++": 1, "--": 1, "+=": 1, "-=": 1, "=": 2, "break": 1, "continue": 1,
	}, kinds, "how often each is what stands there instead")
}

func TestChangeBetween(t *testing.T) {
	c, err := changeBetween("a.go", []byte("package a\n\nvar b = c || d || e // f\n"), []byte("package a\nvar b = (c && d) || e\n"))
	require.NoError(t, err)
	assert.Equal(t, change("a.go:7:&&"), c)
	_, err = changeBetween("a.go", []byte("package a"), []byte("package a // b"))
	require.Error(t, err)
	_, err = changeBetween("a.go", []byte("package a"), []byte("package a; var b int"))
	require.Error(t, err)
}
