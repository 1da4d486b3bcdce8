package taskhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// viewOf returns the View for a query.
func viewOf(t *testing.T, url, query string) taskhttp.View {
	t.Helper()
	resp, body := get(t, url+"?format=json"+query)
	require.Equal(t, http.StatusOK, resp.StatusCode, body)
	var v taskhttp.View
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	return v
}

// plant runs a small tree of tasks until the test ends:
//
//	shop
//	├── orders
//	│   ├── order-b  (tenant=Acme)
//	│   └── order-a
//	└── mail         (deadline)
func plant(t *testing.T) (ids map[string]uint64) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan map[string]uint64), make(chan struct{})
	sleep := func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }
	go func() {
		defer close(ended)
		_, _ = task.Run(ctx, func(ctx context.Context) (int, error) {
			ids := map[string]uint64{"shop": task.Current().ID()}
			inner := make(chan struct{})
			orders := task.Go(ctx, func(ctx context.Context) (int, error) {
				requestID.Set("Acme")
				ids["order-b"] = task.Go(ctx, sleep, task.Name("order-b")).ID()
				requestID.Set("none")
				ids["order-a"] = task.Go(ctx, sleep, task.Name("order-a")).ID()
				_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("Sold Out") }, task.Name("order-c")).Await(ctx)
				close(inner)
				return sleep(ctx)
			}, task.Name("orders"))
			<-inner
			ids["orders"] = orders.ID()
			ids["mail"] = task.Go(ctx, sleep, task.Name("mail"), task.Timeout(time.Hour)).ID()
			ready <- ids
			return orders.Await(ctx)
		}, task.Name("shop"))
	}()
	ids = <-ready
	t.Cleanup(func() { cancel(); <-ended })
	untilWaiting(t, 5)
	return ids
}

// A name that is copied from a view may have escapes.
func TestAQueryFindsWhatIsShown(t *testing.T) {
	_, address := serve(t, taskhttp.Variables(requestID), taskhttp.Interval(time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = task.Run(ctx, func(ctx context.Context) (int, error) {
			requestID.Set("a\x07")
			close(started)
			<-ctx.Done()
			return 0, nil
		}, task.Name("evil\x1b[31m\u202ered"))
	}()
	<-started
	t.Cleanup(func() { cancel(); <-ended })
	for words, want := range map[string]int{
		"\x1b":               1,
		`\x1b`:               1,
		`EVIL\x1b[31m\u202e`: 1,
		`request_id="a\a"`:   1,
		`\x1b[32m`:           0,
	} {
		assert.Len(t, viewOf(t, address, "&match="+url.QueryEscape(words)).Tasks, want, "%q", words)
	}
}

func TestQueries(t *testing.T) {
	_, url := serve(t, taskhttp.Variables(requestID), taskhttp.Interval(time.Nanosecond))
	ids := plant(t)
	tests := []struct {
		reason  string
		query   string
		want    string // names, with their depth
		context string
		matched int
	}{
		{"all, as a tree", "", "0shop 1orders 2order-b 2order-a 1mail", "", 5},
		{"what matches, and what that is in", "&match=ORDER-", "0shop 1orders 2order-b 2order-a", "shop orders", 4},
		{"several words", "&match=order+acme", "0shop 1orders 2order-b", "shop orders", 3},
		{"a function", "&match=taskhttp_test.plant+mail", "0shop 1mail", "shop", 2},
		{"a variable's name and value", "&match=request_id%3Dacme", "0shop 1orders 2order-b", "shop", 3},
		{"an ID", "&match=%23" + fmt.Sprint(ids["mail"]), "0shop 1mail", "shop", 2},
		{"nothing", "&match=nosuch", "", "", 0},
		{"a subtree", fmt.Sprintf("&root=%d", ids["orders"]), "0orders 1order-b 1order-a", "", 3},
		{"a subtree that has ended", "&root=99999999999", "", "", 0},
		{"a search in a subtree", fmt.Sprintf("&root=%d&match=order-a", ids["orders"]), "0orders 1order-a", "orders", 2},
		{"by name", "&sort=name", "1mail 2order-a 2order-b 1orders 0shop", "", 5},
		{"the other way round", "&sort=-name", "0shop 1orders 2order-b 2order-a 1mail", "", 5},
		{"by age", "&sort=age&match=order-", "2order-b 2order-a", "", 2},
		{"youngest first", "&sort=-age&match=order-", "2order-a 2order-b", "", 2},
		{"the nearest deadline first", "&sort=deadline&max=1", "1mail", "", 5},
		{"a window", "&offset=1&max=2", "1orders 2order-b", "", 5},
		{"a window at the end", "&offset=4&max=9", "1mail", "", 5},
		{"a window behind the end", "&offset=9", "", "", 5},
		{"counts only", "&max=0", "", "", 5},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			v := viewOf(t, url, tt.query)
			var names, above []string
			for _, info := range v.Tasks {
				names = append(names, fmt.Sprint(info.Depth)+info.Name)
				for _, id := range v.Context {
					if id == info.ID {
						above = append(above, info.Name)
					}
				}
			}
			assert.Equal(t, tt.want, strings.Join(names, " "))
			if tt.context != "shop" { // a variable that is inherited
				assert.Equal(t, tt.context, strings.Join(above, " "))
			}
			assert.Equal(t, tt.matched, v.Matched)
			assert.Equal(t, tt.matched-len(v.Tasks), v.Omitted)
			assert.Equal(t, 5, v.States[task.Waiting]+v.States[task.Running], "counts are of all")
		})
	}
	t.Run("what has ended is searched too, and in its subtree", func(t *testing.T) {
		assert.Len(t, viewOf(t, url, "&match=sold+out").Finished, 1)
		assert.Empty(t, viewOf(t, url, "&match=mail").Finished)
		assert.Len(t, viewOf(t, url, fmt.Sprintf("&root=%d", ids["orders"])).Finished, 1)
		assert.Empty(t, viewOf(t, url, fmt.Sprintf("&root=%d", ids["mail"])).Finished)
	})
	t.Run("text takes the same", func(t *testing.T) {
		_, body := get(t, url+"?match=order-b")
		assert.Contains(t, body, "    └── order-b #")
		_, body = get(t, url+"?sort=name&max=2")
		assert.Regexp(t, `^mail #(?s:.*)\norder-a #(?s:.*)\n… and 3 more\n$`, body)
	})
}

func TestGraph(t *testing.T) {
	_, url := serve(t, taskhttp.Interval(time.Nanosecond))
	ids := plant(t)
	g := viewOf(t, url, fmt.Sprintf("&graph=%d", ids["shop"])).Graph
	require.NotNil(t, g)
	require.Len(t, g.Nodes, 2)
	assert.Equal(t, ids["shop"], g.Nodes[0].ID)
	assert.Equal(t, [][2]uint64{{ids["shop"], ids["orders"]}}, g.Edges)
	assert.Empty(t, g.Path)

	g = viewOf(t, url, fmt.Sprintf("&graph=%d", ids["orders"])).Graph
	require.Len(t, g.Nodes, 2, "it has those who wait for it")
	g = viewOf(t, url, fmt.Sprintf("&graph=%d", ids["order-a"])).Graph
	require.Len(t, g.Nodes, 1)
	assert.Equal(t, []taskhttp.Ref{{ID: ids["shop"], Name: "shop"}, {ID: ids["orders"], Name: "orders"}}, g.Path)
	assert.Empty(t, viewOf(t, url, "&graph=99999999999").Graph.Nodes)

	// Only some of many tasks.
	var many []*task.Task[int]
	for range 100 {
		many = append(many, task.Go(t.Context(), func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }))
	}
	all := task.Go(t.Context(), func(ctx context.Context) (int, error) {
		_, _, err := task.Wait(ctx, task.AllCompleted, many...)
		return 0, err
	})
	require.Eventually(t, func() bool { return all.State() == task.Waiting }, time.Minute, time.Millisecond)
	g = viewOf(t, url, fmt.Sprintf("&graph=%d", all.ID())).Graph
	assert.Len(t, g.Nodes, 25)
	assert.Equal(t, 8, g.Omitted)
	assert.Equal(t, 68, g.Nodes[0].WaitsForMore)
	for _, m := range many {
		m.Cancel(nil)
	}
	_, _ = all.Await(context.Background())
}

func TestCyclesOfAView(t *testing.T) {
	_, url := serve(t, taskhttp.Interval(time.Nanosecond))
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	ready := make(chan struct{})
	ring := make([]*task.Task[int], 3)
	for i := range ring {
		ring[i] = task.Go(context.Background(), func(context.Context) (int, error) {
			<-ready
			_, _ = ring[(i+1)%3].Await(ctx)
			return 0, nil
		}, task.Name(fmt.Sprint("ring ", i)))
	}
	close(ready)
	for _, r := range ring {
		require.Eventually(t, func() bool { return r.State() == task.Waiting }, time.Minute, time.Millisecond)
	}
	v := viewOf(t, url, "&max=0")
	require.Len(t, v.Cycles, 1)
	assert.Equal(t, 3, v.Cycles[0].Size)
	assert.Equal(t, ring[0].ID(), v.Cycles[0].ID)
	assert.Equal(t, taskhttp.Ref{ID: ring[2].ID(), Name: "ring 2"}, v.Cycles[0].Tasks[2])
	assert.Equal(t, 3, viewOf(t, url, "&match=deadlock&sort=id").Matched)
	stop()
	for _, r := range ring {
		_, _ = r.Await(context.Background())
	}
}

func TestBadQueries(t *testing.T) {
	_, url := serve(t)
	for query, want := range map[string]string{
		"sort=size":                          "there is no such sort; use tree, age, ",
		"sort=-tree":                         "there is no such sort",
		"root=x":                             "root is not the ID",
		"graph=x":                            "graph is not the ID",
		"root=-1":                            "root is not the ID",
		"max=-1":                             "max is not a number of rows",
		"max=99999999999999999999":           "max is not a number of rows",
		"offset=x":                           "offset is not a number of rows",
		"plots=x":                            "plots is neither",
		"match=" + strings.Repeat("x", 9999): "match is longer than",
		"stack=x":                            "stack is not the ID",
	} {
		resp, body := get(t, url+"?"+query)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode, query)
		assert.Contains(t, body, want)
		assert.Equal(t, 1, strings.Count(body, "\n"), "one line")
	}
}

func TestStack(t *testing.T) {
	_, url := serve(t)
	ids := plant(t)
	resp, body := get(t, fmt.Sprintf("%s?stack=%d&format=json", url, ids["mail"]))
	require.Equal(t, http.StatusOK, resp.StatusCode, body)
	var stack task.Stack
	require.NoError(t, json.Unmarshal([]byte(body), &stack))
	assert.Equal(t, "mail", stack.Name)
	require.Len(t, stack.Goroutines, 1)
	assert.Contains(t, body, "task.Sleep")

	_, body = get(t, fmt.Sprintf("%s?stack=%d", url, ids["mail"]))
	assert.Contains(t, body, "taskhttp_test.plant")
	resp, body = get(t, url+"?stack=99999999999")
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	assert.Contains(t, body, "may have ended")
}

// Starts, ends and durations are counted from the first request on, and for a while
// after the last.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := taskhttp.New(taskhttp.Interval(time.Nanosecond))
		defer h.Close()
		look := func() taskhttp.View {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?format=json&plots=1", nil))
			var v taskhttp.View
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
			require.NotNil(t, v.Rates)
			return v
		}
		run := func(name string, took time.Duration, err error) {
			_, _ = task.Go(t.Context(), func(ctx context.Context) (int, error) { time.Sleep(took); return 0, err }, task.Name(name)).Await(t.Context())
		}
		run("before", 0, nil)
		v := look()
		assert.Empty(t, v.Rates.At)
		assert.Empty(t, v.Durations)
		for i := range 4 {
			run(fmt.Sprint("job ", i, " of 4"), 100*time.Millisecond, nil)
		}
		run("fails", 100*time.Millisecond, errors.New("no"))
		sleeper := task.Go(t.Context(), func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) })
		time.Sleep(1600 * time.Millisecond)
		v = look()
		require.Len(t, v.Rates.At, 2)
		assert.Equal(t, []float64{6, 0}, v.Rates.Started)
		assert.Equal(t, []float64{5, 0}, v.Rates.Ended)
		assert.Equal(t, []float64{1, 0}, v.Rates.Failed)
		assert.Equal(t, []int{1, 1}, v.Rates.Waiting)
		assert.Equal(t, []int{0, 0}, v.Rates.Running)
		require.Len(t, v.Durations, 2)
		jobs := v.Durations[0]
		assert.Equal(t, "job * of *", jobs.Name)
		assert.Equal(t, 4, jobs.Count)
		assert.Equal(t, 100.0, jobs.Longest)
		assert.InEpsilon(t, 100, jobs.Median, 0.15)
		assert.Equal(t, [][3]int64{{98304, 114688, 4}}, jobs.Buckets)
		assert.Equal(t, 1, v.Durations[1].Failed)

		sleeper.Cancel(nil)
		time.Sleep(time.Second)
		v = look()
		assert.Equal(t, []float64{0, 0, 1}, v.Rates.Canceled)
		assert.Equal(t, []int{1, 1, 0}, v.Rates.Waiting)

		time.Sleep(6 * time.Minute)
		run("unseen", 0, nil)
		v = look()
		assert.Empty(t, v.Rates.At, "nobody looked for a while, and so it begins anew")
		assert.Empty(t, v.Durations)
		for range 600 {
			time.Sleep(time.Second)
			v = look()
		}
		assert.Len(t, v.Rates.At, 300, "five minutes are kept")
	})
}
