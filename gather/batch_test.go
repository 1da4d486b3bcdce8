package gather_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/task"
)

// Whatever the jobs before did, as many jobs run at once as the limit allows, with any
// number of processors: a worker starts the next one before its job can end it, block
// it or keep it busy.
func TestBatchRunsAllThatItMay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const n = 60
	before := map[string]func(){
		"nothing":  func() {},
		"a panic":  func() { panic("job") },
		"a Goexit": runtime.Goexit,
		"a yield":  runtime.Gosched,
	}
	for name, end := range before {
		for _, limit := range []int{0, 2, 7, n} {
			for procs := range 4 {
				t.Run(name+", limit "+strconv.Itoa(limit)+", "+strconv.Itoa(procs+1)+" processors", func(t *testing.T) {
					runtime.GOMAXPROCS(procs + 1)
					var opts []gather.Option
					at := n // the jobs that meet
					if limit > 0 {
						at = limit
						opts = append(opts, gather.Limit(limit))
					}
					for ends := range 5 { // jobs that end before the others
						var meeting sync.WaitGroup
						meeting.Add(at)
						_ = gather.Each(t.Context(), upTo(ends+at), func(_ context.Context, i int) error {
							if i < ends {
								end()
								return nil
							}
							meeting.Done()
							meeting.Wait()
							return nil
						}, append(opts, gather.OnError(gather.CollectAll))...)
						meeting.Wait()
					}
				})
			}
		}
	}
}

// Short jobs share goroutines, and no more are started than have work to do.
func TestBatchGoroutines(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector gets as many goroutines as possible")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var mu sync.Mutex
	ran := map[uint64]bool{}
	most := 0
	const n = 1000
	fns := make([]task.Func[int], n)
	for i := range fns {
		fns[i] = func(context.Context) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			ran[gls.Goroutine()] = true
			most = max(most, runtime.NumGoroutine())
			return i, nil
		}
	}
	before := runtime.NumGoroutine()
	_, err := gather.All(t.Context(), fns...)
	require.NoError(t, err)
	assert.Less(t, len(ran), n/10)
	assert.Less(t, most-before, n/10)
}
