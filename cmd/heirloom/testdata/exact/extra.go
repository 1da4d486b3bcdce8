//go:build !extra

package main

const extra = "no extra"
