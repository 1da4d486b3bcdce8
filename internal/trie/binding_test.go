package trie_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/trie"
)

func TestIdentical(t *testing.T) {
	one := &trie.Bound[int]{Value: 1}
	assert.True(t, trie.Identical[int](&one.Binding, trie.Copied[int](&one.Binding)))
	assert.False(t, trie.Identical[int](&one.Binding, &(&trie.Bound[int]{Value: 2}).Binding))
}
