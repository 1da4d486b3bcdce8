package joinset_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

// TestStorm has goroutines grow, cancel and range over sets, break out of loops
// and have them cancelled, and checks that each task comes exactly once.
func TestStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rounds := uint64(20)
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		var came [400]atomic.Int32
		var next atomic.Int32
		err := task.Group(context.Background(), func(ctx context.Context) error {
			set := joinset.New[int](ctx)
			grow := func(r *rand.Rand) {
				n := int(next.Add(1)) - 1
				if n >= len(came) {
					return
				}
				kind, pause := r.IntN(5), time.Duration(r.IntN(30))*time.Microsecond
				set.Go(func(ctx context.Context) (int, error) {
					switch kind {
					case 0:
						panic("random")
					case 1:
						return n, errBroken
					case 2:
						return n, task.Sleep(ctx, pause)
					case 3:
						if task.Sleep(ctx, 2*time.Millisecond) != nil {
							return n, ctx.Err()
						}
					}
					return n, nil
				}, task.Name(string(rune(0x4e00+n))))
			}
			for n := range uint64(6) {
				r := rand.New(rand.NewPCG(seed, round<<8|n))
				task.Go(ctx, func(ctx context.Context) (int, error) {
					for int(next.Load()) < len(came) || set.Len() > 0 {
						for range r.IntN(8) {
							grow(r)
						}
						if r.IntN(6) == 0 {
							set.Cancel(errBroken)
						}
						limited, stop := context.WithTimeout(ctx, time.Duration(r.IntN(500))*time.Microsecond)
						for tk := range set.Tasks(limited) {
							if tk == nil {
								break
							}
							came[[]rune(tk.Name())[0]-0x4e00].Add(1)
							if r.IntN(3) == 0 {
								grow(r)
							}
							if r.IntN(4) == 0 {
								break
							}
						}
						stop()
					}
					return 0, nil
				})
			}
			return nil
		})
		require.NoError(t, err)
		for n := range came {
			require.EqualValues(t, 1, came[n].Load(), "task %d", n)
		}
	}
}
