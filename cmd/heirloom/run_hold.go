package main

import "fmt"

// hold returns the function for jobs.Options.Hold, or nil if no job ever has to wait.
func (f *runFlags) hold() func() string {
	if f.load == 0 && f.memFree == 0 {
		return nil
	}
	load, free, err := canHold(float64(f.load), int64(f.memFree))
	if err != nil {
		return nil // parse has reported it
	}
	return func() string {
		if f.load > 0 {
			if now, err := load(); err == nil && now > float64(f.load) {
				return fmt.Sprintf("the load is higher than %.4g", float64(f.load))
			}
		}
		if f.memFree > 0 {
			if now, err := free(); err == nil && now < int64(f.memFree) {
				return fmt.Sprintf("less than %s of memory are free", f.memFree.String())
			}
		}
		return ""
	}
}
