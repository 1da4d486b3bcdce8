package bench_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/heirloom-go/heirloom/gather"
)

// gather.Rate is made for the limiter of golang.org/x/time/rate.
func Example_rate() {
	limiter := rate.NewLimiter(rate.Every(5*time.Millisecond), 1)
	start := time.Now()
	got, err := gather.Map(context.Background(), []int{1, 2, 3}, func(_ context.Context, i int) (int, error) {
		return i * i, nil
	}, gather.Rate(limiter))
	fmt.Println(got, err, time.Since(start) >= 10*time.Millisecond)
	// Output: [1 4 9] <nil> true
}
