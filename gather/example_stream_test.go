package gather_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/heirloom-go/heirloom/gather"
)

// The input never ends; the loop does, and leaves nothing running.
func ExampleStream() {
	naturals := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	square := func(_ context.Context, i int) (int, error) { return i * i, nil }

	for v, err := range gather.Stream(context.Background(), naturals, square, gather.Ordered()) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if v > 20 {
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 0
	// 1
	// 4
	// 9
	// 16
}

func ExampleOrdered() {
	in := slices.Values([]int{20, 1, 10})
	wait := func(ctx context.Context, ms int) (int, error) { return after(ms, ms, nil)(ctx) }
	for ms := range gather.Stream(context.Background(), in, wait, gather.Limit(3), gather.Ordered()) {
		fmt.Println(ms)
	}
	// Output:
	// 20
	// 1
	// 10
}

// At most 2 items are taken from the input that the loop has not seen the
// results of.
func ExampleBuffer() {
	taken := 0
	in := func(yield func(int) bool) {
		for taken = 1; yield(taken); taken++ {
		}
	}
	id := func(_ context.Context, i int) (int, error) { return i, nil }
	results := 0
	for range gather.Stream(context.Background(), in, id, gather.Limit(2), gather.Buffer(0)) {
		if results++; results == 10 { // these need not be the results of the first ten items
			break
		}
	}
	fmt.Println(taken <= 12)
	// Output: true
}

// The channel is never closed, and yet the loop can end at any time.
func ExampleFromChan() {
	words := make(chan string, 2)
	words <- "a"
	words <- "b"
	for w, err := range gather.Stream(context.Background(), gather.FromChan(words), upper, gather.Ordered()) {
		fmt.Println(w, err)
		if w == "B" {
			break
		}
	}
	// Output:
	// A <nil>
	// B <nil>
}
