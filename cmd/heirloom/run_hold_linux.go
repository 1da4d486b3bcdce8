package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// canHold returns functions that read the load and the free memory, in bytes. They may
// be nil if they were not requested.
func canHold(float64, int64) (load func() (float64, error), free func() (int64, error), err error) {
	return readLoad, readFree, nil
}

func readLoad() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	return strconv.ParseFloat(string(first), 64)
}

func readFree() (int64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "MemAvailable:" {
			n, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/meminfo has no MemAvailable")
}
