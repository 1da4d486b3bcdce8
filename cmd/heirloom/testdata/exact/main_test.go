package main

import (
	"testing"

	"example.com/exact/slot"
)

func TestSlot(t *testing.T) {
	if slot.MadeFor() == "" {
		t.Fatal("not in exact mode")
	}
}
