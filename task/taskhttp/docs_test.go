package taskhttp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// testDocs writes the pictures for docs, of a shop with work to do and with faults.
func (b *browser) testDocs() {
	_, url := serve(b.t, taskhttp.Variables(tenant))
	s := openShop(b.t)
	limited, stop := context.WithTimeout(context.Background(), time.Hour)
	b.t.Cleanup(stop)
	s.in(func(ctx context.Context) {
		task.Start(ctx, func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				work(ctx)
				return nil
			}, task.Name("requests"))
		}, task.Name("http"))
		tenant.Set("acme")
		ring(ctx, limited)
		task.Go(ctx, func(ctx context.Context) (int, error) {
			_, err := gather.Map(ctx, make([]time.Duration, 400), func(ctx context.Context, d time.Duration) (int, error) {
				return 0, task.Sleep(ctx, 3*time.Second)
			}, gather.Limit(8))
			return 0, err
		}, task.Name("resize pictures"), task.Timeout(10*time.Minute))
		tenant.Set("initech")
		order := task.Go(ctx, sleeps, task.Name("order 4711"))
		for i := range 3 {
			task.Go(ctx, func(ctx context.Context) (int, error) { return order.Await(ctx) }, task.Name(fmt.Sprint("invoice ", i)))
		}
	})
	b.device(1280, 800, "light")
	b.open(url)
	b.until("live", link)
	time.Sleep(70 * time.Second) // of plots
	b.keep("live-view")
	b.run(`[...document.querySelectorAll("#rows .name a")].find(a => a.textContent === "charge card").click()`)
	b.until("3", `return document.querySelectorAll("#graph path.edge.cycle").length`)
	b.run(`document.getElementById("plots").open = false`)
	b.run(`[...document.querySelectorAll("#detail button")].find(e => e.textContent === "Stack").click()`)
	b.until("true", `return Boolean(document.getElementById("stack"))`)
	b.run(`document.getElementById("detail").scrollTop = 0`)
	b.keep("live-view-task")
	b.device(1280, 800, "dark")
	b.run(`location.hash = "#tab=durations"; document.getElementById("plots").open = true`)
	b.until("true", `return document.querySelectorAll("#durations tbody tr").length > 3`)
	b.keep("live-view-durations")
	b.device(390, 844, "dark")
	b.open("about:blank")
	b.open(url)
	b.until("live", link)
	time.Sleep(time.Second)
	b.keep("live-view-phone")
}

// work is the load of the shop: requests that come in at random.
func work(ctx context.Context) {
	kinds := []struct {
		name string
		took time.Duration
	}{{"GET /orders/%d", 40 * time.Millisecond}, {"GET /cart", 15 * time.Millisecond}, {"POST /payment/%d", 300 * time.Millisecond}, {"GET /search", 120 * time.Millisecond}}
	task.Start(ctx, func(ctx context.Context) error {
		for i := 0; ; i++ {
			kind := kinds[rand.IntN(len(kinds))]
			name := kind.name
			if strings.Contains(name, "%d") {
				name = fmt.Sprintf(name, i)
			}
			task.Go(ctx, func(ctx context.Context) (int, error) {
				if err := task.Sleep(ctx, time.Duration(float64(kind.took)*rand.ExpFloat64())); err != nil {
					return 0, err
				}
				if rand.IntN(25) == 0 {
					return 0, errors.New("card declined")
				}
				return 0, nil
			}, task.Name(name), task.Timeout(2*time.Second), task.FailFast(false))
			busy := 1 + math.Sin(float64(time.Now().UnixMilli())/6000)
			if err := task.Sleep(ctx, time.Duration((20+60*busy)*float64(time.Millisecond))); err != nil {
				return err
			}
		}
	}, task.Name("accept"))
}
