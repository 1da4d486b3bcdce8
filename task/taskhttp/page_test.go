package taskhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

var tenant = ctxvar.New[string]("tenant")

// A shop is a program to look at, which does what the test asks for.
type shop struct {
	t    *testing.T
	todo chan func(context.Context)
	over chan struct{}
}

func openShop(t *testing.T) *shop {
	s := &shop{t, make(chan func(context.Context)), make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(s.over)
		_, _ = task.Run(ctx, func(ctx context.Context) (int, error) {
			for f := range s.todo {
				f(ctx)
			}
			return 0, nil
		}, task.Name("server"))
	}()
	t.Cleanup(func() { cancel(); close(s.todo); <-s.over })
	return s
}

// in calls f in the shop's main task.
func (s *shop) in(f func(context.Context)) {
	done := make(chan struct{})
	s.todo <- func(ctx context.Context) { f(ctx); close(done) }
	<-done
}

func sleeps(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }

const (
	names  = `return [...document.querySelectorAll("#rows .name a")].map(e => e.textContent).join(",")`
	link   = `return document.getElementById("link").textContent`
	detail = `return document.getElementById("detail").innerText`
)

// search types words into the search.
func (b *browser) search(words string) {
	b.run(fmt.Sprintf(`const m = document.getElementById("match"); m.value = %q; m.dispatchEvent(new Event("input"))`, words))
}

func TestPage(t *testing.T) {
	b := newBrowser(t)
	t.Run("keeps up, finds, pauses, and shows what has ended", func(t *testing.T) { b.with(t).testVisit() })
	t.Run("who waits for whom, and where", func(t *testing.T) { b.with(t).testWaits() })
	t.Run("is live only while it is", func(t *testing.T) { b.with(t).testConnection() })
	t.Run("keys, and a selection", func(t *testing.T) { b.with(t).testKeys() })
	if os.Getenv("TASKHTTP_SCREENSHOTS") != "" {
		t.Run("pictures for docs", func(t *testing.T) { b.with(t).testDocs() })
	}
	t.Run("ten thousand hostile tasks", func(t *testing.T) { b.with(t).testHostile() })
}

func (b *browser) with(t *testing.T) *browser {
	b.t = t
	return b
}

// keep writes a picture of the page if one is wanted.
func (b *browser) keep(name string) {
	if to := os.Getenv("TASKHTTP_SCREENSHOTS"); to != "" {
		require.NoError(b.t, os.WriteFile(filepath.Join(to, name+".png"), b.screenshot(), 0o644))
	}
}

func (b *browser) testVisit() {
	t := b.t
	_, url := serve(t, taskhttp.Interval(50*time.Millisecond), taskhttp.Variables(requestID, tenant))
	s := openShop(t)
	b.device(1280, 720, "light")
	b.open(url)
	b.until("server", names)
	b.until("live", link)

	// The page is updated without being loaded again, and treats no text as markup.
	var requests []*task.Task[int]
	s.in(func(ctx context.Context) {
		for i, name := range []string{"GET /orders", "GET /cart", "<img src=x onerror=alert(1)>"} {
			tenant.Set([]string{"acme", "initech", "<b>bold</b>"}[i])
			requests = append(requests, task.Go(ctx, sleeps, task.Name(name)))
		}
	})
	b.until("server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", names)
	assert.Equal(t, "0", b.run(`return document.querySelectorAll("img, #rows b").length`), "text became markup")
	rows := b.run(`return document.getElementById("rows").textContent`)
	assert.Contains(t, rows, "tenant=<b>bold</b>")
	assert.Contains(t, rows, "sleep")

	// A search shows the matches and their parents, and is in the address.
	b.search("initech")
	b.until("server,GET /cart", names)
	b.until("2 rows", `return document.getElementById("matched").textContent`)
	assert.Contains(t, b.run(`return location.hash`), "match=initech")
	b.open(url + "?match=initech")
	b.until("server,GET /cart", names)
	b.search("no such")
	b.until("No task matches.", `return document.getElementById("none").innerText`)
	b.search("")
	b.until("server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", names)
	b.run(`const s = document.getElementById("sort"); s.value = "name"; s.dispatchEvent(new Event("change"))`)
	b.until("<img src=x onerror=alert(1)>,GET /cart,GET /orders,server", names)
	b.until("ascending", `return document.querySelector("#columns [data-sort=name]").parentElement.getAttribute("aria-sort")`)
	b.run(`document.querySelector("#columns [data-sort=age]").click(); document.querySelector("#columns [data-sort=age]").click()`)
	b.until("<img src=x onerror=alert(1)>,GET /cart,GET /orders,server", names)
	b.run(`document.querySelector("#columns [data-sort=age]").click()`)
	b.until("server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", names)
	b.run(`history.go(-4)`)
	b.until("server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", names)

	// While the page is paused, nothing changes, and it does not say that it is live.
	b.run(`document.getElementById("pause").click()`)
	b.until("paused", link)
	requests[0].Cancel(nil)
	s.in(func(ctx context.Context) {
		_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("card declined") }, task.Name("POST /payment")).Await(ctx)
	})
	<-requests[0].Done()
	time.Sleep(200 * time.Millisecond) // several pictures
	assert.Equal(t, "server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", b.run(names))
	b.run(`document.getElementById("pause").click()`)
	b.until("server,GET /cart,<img src=x onerror=alert(1)>", names)
	b.until("live", link)

	// Tasks that have ended.
	b.run(`document.getElementById("tab-ended").click()`)
	const ended = `return [...document.querySelectorAll("#ended tbody td.state")].map(e => e.textContent).sort().join(",")`
	b.until("canceled,failed", ended)
	assert.Contains(t, b.run(`return document.getElementById("ended").innerText`), "card declined")
	b.run(`document.getElementById("tab-durations").click()`)
	s.in(func(ctx context.Context) {
		for i := range 5 {
			_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, nil }, task.Name(fmt.Sprint("quick ", i))).Await(ctx)
		}
	})
	b.until("true", `return document.getElementById("durations").innerText.includes("quick *")`)

	// No script except the page's own ran, none was refused as unknown, and nothing else
	// was loaded.
	assert.Empty(t, b.run(`return performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.includes("/events?")).join()`))
}

// ring makes three tasks that wait for each other, until stop is called.
func ring(ctx context.Context, limited context.Context) {
	ready := make(chan struct{})
	tasks := make([]*task.Task[int], 3)
	for i, name := range []string{"reserve stock", "charge card", "book parcel"} {
		tasks[i] = task.Go(ctx, func(context.Context) (int, error) {
			<-ready
			return tasks[(i+1)%3].Await(limited)
		}, task.Name(name))
	}
	close(ready)
}

func (b *browser) testWaits() {
	t := b.t
	_, url := serve(t, taskhttp.Interval(50*time.Millisecond))
	s := openShop(t)
	limited, stop := context.WithTimeout(context.Background(), time.Hour)
	t.Cleanup(stop)
	var order *task.Task[int]
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	s.in(func(ctx context.Context) {
		ring(ctx, limited)
		task.Go(ctx, func(ctx context.Context) (int, error) {
			_, err := gather.Map(ctx, []int{1, 2, 3, 4}, func(ctx context.Context, i int) (int, error) {
				if i < 2 {
					return i, nil
				}
				return i, task.Sleep(ctx, time.Hour)
			}, gather.Limit(2))
			return 0, err
		}, task.Name("resize pictures"))
		order = task.Go(ctx, func(context.Context) (int, error) { <-hold; return 0, nil }, task.Name("order"), task.Timeout(time.Hour))
		task.Go(ctx, func(ctx context.Context) (int, error) { return order.Await(ctx) }, task.Name("invoice"))
	})
	b.device(1280, 720, "light")
	b.open(url)

	// The cycle is described in words, above and in the list.
	b.until("true", `return document.getElementById("cycles").innerText.includes("Deadlock of 3")`)
	b.until("3", `return document.querySelectorAll("#rows .row.inCycle").length`)
	assert.Equal(t, "3", b.run(`return [...document.querySelectorAll("#rows .waits")].filter(e => e.textContent.startsWith("⟳ deadlock")).length`))
	assert.Contains(t, b.run(`return document.getElementById("rows").innerText`), "1 of 4 jobs done, 2 running")

	// The link in the list leads from a task to the one that it waits for.
	b.run(`[...document.querySelectorAll("#rows .waits a")].find(a => a.textContent.startsWith("order")).click()`)
	b.until("true", `return document.getElementById("detail").innerText.includes("Waits for it")`)
	text := b.run(detail)
	assert.Contains(t, text, "invoice")
	assert.Contains(t, text, "testWaits")
	assert.Contains(t, text, "Deadline")
	b.run(`[...document.querySelectorAll("#detail button")].find(e => e.textContent === "Stack").click()`)
	b.until("true", `return Boolean(document.getElementById("stack")?.innerText.includes("chan receive"))`)
	assert.Contains(t, b.run(`return document.getElementById("stack").innerText`), "page_test.go:")

	// The graph shows the cycle.
	b.run(`[...document.querySelectorAll("#cycles a")][0].click()`)
	b.until("3", `return document.querySelectorAll("#graph path.edge.cycle").length`)
	assert.Equal(t, "3", b.run(`return document.querySelectorAll("#graph .inCycle").length`))

	// Only tasks in a cycle.
	b.run(`[...document.querySelectorAll("#rows .name a")].find(a => a.textContent === "resize pictures").click()`)
	b.until("true", `return document.getElementById("detail").innerText.includes("resize pictures")`)
	b.run(`[...document.querySelectorAll("#detail a.button")].find(a => !a.hidden).click()`)
	b.until("resize pictures,gather.Map", names)

	// A task that has ended is shown as ended.
	b.run(fmt.Sprintf(`location.hash = "#task=%d"`, order.ID()))
	b.until("true", `return document.getElementById("detail").innerText.includes("Waits for it")`)
	order.Cancel(nil)
	hold <- struct{}{}
	b.until("true", `return document.getElementById("detail").innerText.includes("It has ended")`)
	stop()
}

// testConnection makes the server go away and come back, and be full.
func (b *browser) testConnection() {
	t := b.t
	h := taskhttp.New(taskhttp.Interval(50*time.Millisecond), taskhttp.MaxFollowers(1))
	t.Cleanup(h.Close)
	openShop(t)
	down := &faults{handler: h}
	url := down.serve(t)
	b.device(390, 844, "dark")
	b.open(url)
	b.until("live", link)

	down.set(true)
	b.until("connection lost", link)
	b.until("lost", `return document.getElementById("link").className`)
	b.run(`document.getElementById("pause").click(); document.getElementById("pause").click()`)
	for range 5 {
		require.NotEqual(t, "live", b.run(link), "while nothing is connected")
		time.Sleep(50 * time.Millisecond)
	}
	down.set(false)
	b.until("live", link)

	// Another client has the only place.
	b.run(`document.getElementById("pause").click()`)
	require.Eventually(t, func() bool {
		resp, err := http.Get(url + "/events")
		if err != nil {
			return false
		}
		if resp.StatusCode != http.StatusOK {
			_ = resp.Body.Close()
			return false
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return true
	}, time.Minute, 10*time.Millisecond)
	b.run(`document.getElementById("pause").click()`)
	b.until("too many follow already", link)
	assert.Contains(t, b.run(`return document.getElementById("since").textContent`), "trying again")
}

func (b *browser) testKeys() {
	t := b.t
	_, url := serve(t, taskhttp.Interval(50*time.Millisecond))
	s := openShop(t)
	s.in(func(ctx context.Context) {
		for i := range 500 {
			task.Go(ctx, sleeps, task.Name(fmt.Sprintf("job %03d", i)))
		}
		task.Go(ctx, sleeps, task.Name("needle"))
	})
	b.device(1280, 720, "light")
	b.open(url)
	b.until("live", link)
	const active = `return document.querySelector("#rows .row.active a")?.textContent ?? ""`
	b.run(`document.getElementById("list").focus()`)
	b.keys(keyDown, keyDown)
	b.until("job 000", active)
	b.keys(keyEnd)
	b.until("needle", active)
	assert.Equal(t, "true", b.run(`return document.getElementById(document.getElementById("list").getAttribute("aria-activedescendant")).classList.contains("active")`))
	b.keys(keyUp, keyEnter)
	b.until("true", `return document.getElementById("detail").innerText.includes("job 499")`)
	assert.Equal(t, "detail-name", b.run(`return document.activeElement.id`))
	b.keys(keyEscape)
	b.until("true", `return document.getElementById("detail").hidden`)
	assert.Equal(t, "list", b.run(`return document.activeElement.id`))
	b.keys("/")
	b.keys("needle")
	b.until("server,needle", names)
	b.keys(keyEscape)

	// Text that is selected stays selected, although a picture comes and goes.
	b.search("")
	b.until("true", `return document.querySelectorAll("#rows .row").length > 10`)
	b.run(`const n = document.querySelectorAll("#rows .row")[3].querySelector("bdi").firstChild;
		getSelection().setBaseAndExtent(n, 0, n, n.length)`)
	time.Sleep(300 * time.Millisecond)
	assert.Equal(t, "job 002", b.run(`return String(getSelection())`))
	b.run(`getSelection().removeAllRanges()`)
}

// hostileNames contains everything that ever broke a page.
var hostileNames = []string{
	"<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "\x1b[2J\x1b[31mred\x1b]0;title\x07", "line1\nline2",
	"tab\there", "\u202Eevil rtl", "zero\u200bwidth", strings.Repeat("very long name ", 200), strings.Repeat("漢字", 40),
	"bad\xff\xfeutf", "", "\x00nul", "e" + strings.Repeat("\u0301", 60) + " zalgo", "\u009b31mC1", "مهمة طويلة", strings.Repeat("W", 500),
}
