package taskhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// faults is a server that can be cut off from its clients.
type faults struct {
	handler http.Handler
	down    atomic.Bool
	server  *httptest.Server
}

func (f *faults) serve(t *testing.T) (url string) {
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.down.Load() {
			panic(http.ErrAbortHandler)
		}
		f.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(f.server.Close)
	t.Cleanup(func() { f.server.CloseClientConnections() })
	return f.server.URL + "/debug/tasks"
}

func (f *faults) set(down bool) {
	f.down.Store(down)
	if down {
		f.server.CloseClientConnections()
	}
}

// Ten thousand tasks with names that would break a page, one task at depth 100, and a
// cycle, on a desktop and on a phone, in light and in dark colours.
func (b *browser) testHostile() {
	t := b.t
	const n = 10_000
	_, url := serve(t, taskhttp.Interval(500*time.Millisecond), taskhttp.Variables(tenant))
	s := openShop(t)
	limited, stop := context.WithTimeout(context.Background(), time.Hour)
	t.Cleanup(stop)
	s.in(func(ctx context.Context) {
		ring(ctx, limited)
		for i := range n {
			name := hostileNames[i%len(hostileNames)]
			tenant.Set(name)
			if i >= len(hostileNames) {
				name += fmt.Sprint(" ", i)
			}
			task.Go(ctx, sleeps, task.Name(name))
		}
		var deeper func(int) task.Func[int]
		deeper = func(d int) task.Func[int] {
			return func(ctx context.Context) (int, error) {
				if d == 100 {
					return sleeps(ctx)
				}
				return task.Go(ctx, deeper(d+1), task.Name(fmt.Sprint("level ", d))).Await(ctx)
			}
		}
		task.Go(ctx, deeper(0), task.Name("deep"))
		task.Go(ctx, sleeps, task.Name("the last one"))
		_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New(hostileNames[2] + hostileNames[7]) }, task.Name(hostileNames[5])).Await(ctx)
	})
	// From now on, the picture stays the same.
	require.Eventually(t, func() bool { return task.Snapshot(task.TreeMax(1)).States[task.Waiting] == 10105 }, time.Minute, time.Millisecond)
	b.device(1280, 800, "light")
	b.open(url)
	b.until("live", link)
	b.until("true", `return document.querySelectorAll("#rows .row").length > 10`)
	assert.Equal(t, "10107", b.run(`return document.getElementById("list").getAttribute("aria-rowcount")`))

	// Elements that stay the same are not touched, except for the ages.
	b.run(`window.touched = []; window.watching = new MutationObserver(all => {
		for (const m of all) if (!(m.target.parentElement ?? m.target).matches(".age")) window.touched.push(m.type + " " + m.target.nodeName);
	}); watching.observe(document.getElementById("rows"), {subtree: true, childList: true, characterData: true, attributes: true})`)
	time.Sleep(1200 * time.Millisecond) // two pictures at least
	assert.Empty(t, b.run(`watching.disconnect(); return touched.join()`))

	// Scrolling reaches each of the tasks.
	b.run(`document.getElementById("list").scrollTop = 1e9`)
	b.until("true", `return [...document.querySelectorAll("#rows .name a")].some(a => a.textContent === "the last one")`)
	b.search("level 3")
	b.until("true", `return document.getElementById("rows").innerText.includes("level 3")`)
	assert.Less(t, b.run(`return String(document.querySelectorAll("#rows .row").length).padStart(9, "0")`), "000000100", "there are elements for what is seen only")
	b.search("")
	b.run(`document.getElementById("list").scrollTop = 0`)

	var inCycle, long uint64
	for _, info := range viewOf(t, url, "").Tasks {
		switch info.Name {
		case "charge card":
			inCycle = info.ID
		case hostileNames[7]:
			long = info.ID
		}
	}
	const listed, told = `document.querySelectorAll("#rows .row").length > 5`, `document.getElementById("detail").innerText.includes("Started")`
	tabs := []struct{ name, hash, drawn string }{
		{"list", "", listed},
		{"task", fmt.Sprint("task=", inCycle), told + ` && document.getElementById("graph")`},
		{"long", fmt.Sprint("task=", long), told},
		{"ended", "tab=ended", `document.querySelectorAll("#ended tbody tr").length === 1`},
		{"durations", "tab=durations", `document.querySelector("#durations .note").innerText`},
	}
	for _, size := range [][2]int{{1280, 800}, {390, 844}} {
		for _, scheme := range []string{"light", "dark"} {
			name := fmt.Sprintf("%d-%s", size[0], scheme)
			b.device(size[0], size[1], scheme)
			b.open("about:blank")
			b.open(url)
			for _, tab := range tabs {
				b.run(fmt.Sprintf(`location.hash = "#%s"`, tab.hash))
				b.until("true", "return Boolean("+tab.drawn+")")
				b.until("live", link)
				assert.Equal(t, "", b.run(overflows), "%s %s is wider than the window", name, tab.name)
				assert.Equal(t, "", b.run(contrasts), "%s %s", name, tab.name)
				assert.Equal(t, "", b.run(nameless), "%s %s", name, tab.name)
				b.keep("hostile-" + name + "-" + tab.name)
			}
		}
	}
	require.Equal(t, "0", b.run(`return document.querySelectorAll("img, main script, main b:not([class]):not(#detail b):not(figcaption b)").length`))
}

// overflows names elements that are wider than the window, or that overflow in the
// list.
const overflows = `
	const wide = [];
	if (document.documentElement.scrollWidth > innerWidth) wide.push("document");
	const height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
	for (const row of document.querySelectorAll("#rows .row")) {
		if (!row.checkVisibility()) continue;
		const box = row.getBoundingClientRect();
		if (box.right > innerWidth + 1 || Math.abs(box.height - height) > 1) wide.push(row.id);
		const state = row.querySelector(".state").getBoundingClientRect();
		if (box.height && (state.right > innerWidth || state.width < 20)) wide.push(row.id + " state");
	}
	return wide.join()`

// contrasts names visible text with a contrast below 4.5, the limit of WCAG's level AA.
const contrasts = `
	const luminance = c => {
		const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
	const rgba = css => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = css;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);
			if (c[3] === 255) return c;
		}
		return [255, 255, 255, 255];
	};
	const bad = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.matches("script, style, option")) continue;
		const style = getComputedStyle(e);
		const ink = luminance(rgba(e.ownerSVGElement ? style.fill : style.color).slice(0, 3)), paper = luminance(behind(e).slice(0, 3));
		const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
		if (ratio < 4.5) bad.add((e.id || e.getAttribute("class") || e.nodeName) + " " + ratio.toFixed(2));
	}
	return [...bad].join()`

// nameless names controls without a name for screen readers, and ids that occur twice.
const nameless = `
	const bad = [];
	for (const e of document.querySelectorAll("a, button, input, select, [role=img], [tabindex='0']")) {
		if (e.checkVisibility() && !e.closest("[aria-hidden=true]") && !(e.getAttribute("aria-label") || e.labels?.length || e.getAttribute("aria-labelledby") || e.textContent.trim())) bad.push(e.outerHTML.slice(0, 80));
	}
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	bad.push(...ids.filter((id, i) => ids.indexOf(id) !== i));
	return bad.join()`
