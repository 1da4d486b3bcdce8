package jobs

import (
	"bytes"
	"os"
	"strconv"
)

// onlyZombies reports whether all processes of the group have ended and only wait
// for their parent to ask how. A parent that never asks is common in containers,
// where it is whatever the image starts first.
func onlyZombies(group int) bool {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	for _, p := range processes {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + p.Name() + "/stat")
		if err != nil {
			continue // it has just ended
		}
		// "pid (name) state parent group ...", where the name may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 2 && string(fields[2]) == strconv.Itoa(group) && string(fields[0]) != "Z" && string(fields[0]) != "X" {
			return false
		}
	}
	return true
}
