// Command exact tests what the overlay adds to a program.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"unsafe"

	"example.com/exact/slot"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println(strings.Join(os.Args[1:], " "), extra)
		os.Exit(7)
	}
	made := strings.HasPrefix(runtime.Version(), slot.MadeFor()) && slot.MadeFor() != ""
	fmt.Println("made for this release:", made)

	value := new(string)
	*value = "kept"
	slot.Set(unsafe.Pointer(value))
	value = nil
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("a", "b")))
	runtime.GC() // only the slot refers to the value
	fmt.Println("beside labels:", *(*string)(slot.Get()))
	in(func() {
		fmt.Println("inherited:", *(*string)(slot.Get()))
		slot.Set(nil)
	})
	fmt.Println("apart from a child's:", *(*string)(slot.Get()))
	slot.Set(nil)
	var wg sync.WaitGroup
	clean := true
	for range 100 { // reusing the same g's
		wg.Go(func() { clean = clean && slot.Get() == nil; slot.Set(unsafe.Pointer(new(int))) })
		wg.Wait()
	}
	fmt.Println("gone at the end:", clean)
}

func in(fn func()) {
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	<-done
}
