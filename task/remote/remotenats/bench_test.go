package remotenats_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/remote"
	"github.com/heirloom-go/heirloom/task/remote/remotenats"
)

// An installation runs the function echo, on two workers with 20 places each.
type installation func(ctx context.Context, text string) (string, error)

const (
	benchWorkers = 2
	benchPlaces  = 20
)

// newEngine is an installation of remotenats.
func newEngine(b *testing.B, s *server.Server) installation {
	ns := remotenats.Namespace("bench")
	e := open(b, dial(b, s), ns)
	for range benchWorkers {
		w := open(b, dial(b, s), ns)
		ctx, cancel := context.WithCancel(context.Background())
		var serving sync.WaitGroup
		serving.Go(func() { _ = remote.Serve(ctx, w, []remote.Callable{echo}, remote.Concurrency(benchPlaces)) })
		b.Cleanup(func() { cancel(); serving.Wait() })
	}
	return echo.On(e)
}

// newRaw is an installation of the NATS client alone. It has the same streams and
// consumers, and does the same stores and acknowledgements, but nothing else: no
// envelope, no variables, no lease, no cancellation. It stores a job with an ID too, so
// that a job that is published again is stored once.
func newRaw(b *testing.B, s *server.Server) installation {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	b.Cleanup(func() { cancel(); running.Wait() })
	stream := func(nc *nats.Conn, name string, retention jetstream.RetentionPolicy) (jetstream.JetStream, jetstream.Stream) {
		js, err := jetstream.New(nc)
		require.NoError(b, err)
		st, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{name + ".>"}, Retention: retention, MaxAge: time.Hour, AllowDirect: true,
		})
		require.NoError(b, err)
		return js, st
	}
	for range benchWorkers {
		nc := dial(b, s)
		stream(nc, "rawout", jetstream.LimitsPolicy)
		js, jobs := stream(nc, "rawjobs", jetstream.WorkQueuePolicy)
		consumer, err := jobs.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: "echo", FilterSubject: "rawjobs.echo.>", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: -1, MaxDeliver: -1,
		})
		require.NoError(b, err)
		running.Go(func() { rawWorker(ctx, js, consumer) })
	}

	nc := dial(b, s)
	js, out := stream(nc, "rawout", jetstream.LimitsPolicy)
	var mu sync.Mutex
	calls := map[string]chan string{}
	ordered, err := out.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"rawout.caller.>"}})
	require.NoError(b, err)
	consuming, err := ordered.Consume(func(m jetstream.Msg) {
		id := strings.TrimPrefix(m.Subject(), "rawout.caller.")
		mu.Lock()
		call := calls[id]
		delete(calls, id)
		mu.Unlock()
		call <- string(m.Data())
	})
	require.NoError(b, err)
	b.Cleanup(func() { consuming.Stop(); <-consuming.Closed() })
	n := 0
	return func(ctx context.Context, text string) (string, error) {
		mu.Lock()
		n++
		id := fmt.Sprintf("%026d", n) // as long as the ID of a job
		call := make(chan string, 1)
		calls[id] = call
		mu.Unlock()
		if _, err := js.Publish(ctx, "rawjobs.echo.caller."+id, []byte(text), jetstream.WithMsgID(id)); err != nil {
			return "", err
		}
		return <-call, nil
	}
}

func rawWorker(ctx context.Context, js jetstream.JetStream, consumer jetstream.Consumer) {
	places := make(chan struct{}, benchPlaces)
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		places <- struct{}{}
		n := 1
		for n < benchPlaces && len(places) < benchPlaces {
			places <- struct{}{}
			n++
		}
		asking, stop := context.WithTimeout(ctx, 30*time.Second)
		batch, err := consumer.Fetch(n, jetstream.FetchContext(asking))
		if err == nil {
			for m := range batch.Messages() {
				n--
				running.Go(func() {
					caller := strings.TrimPrefix(m.Subject(), "rawjobs.echo.")
					if _, err := js.Publish(ctx, "rawout."+caller, m.Data()); err == nil {
						_ = m.Ack()
					}
					<-places
				})
			}
		}
		stop()
		for range n {
			<-places
		}
	}
}

// BenchmarkThroughput has 100 callers of remotenats and 100 of the raw client, which
// take turns on one server, a thousand calls each time. Everything is in this
// process, so its processor time is that of callers, workers and server together. On
// a machine where other programs run, processor time says more than the rate.
func BenchmarkThroughput(b *testing.B) {
	s := serve(b)
	installations := map[string]installation{"raw": newRaw(b, s), "remote": newEngine(b, s)}
	const calls, callers = 1000, 100
	took, burned := map[string]time.Duration{}, map[string]time.Duration{}
	rounds := 0
	round := func(name string) {
		call := installations[name]
		begun, cpu := time.Now(), cpuTime()
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range calls / callers {
					if _, err := call(context.Background(), "x"); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		took[name] += time.Since(begun)
		burned[name] += cpuTime() - cpu
	}
	round("raw")
	round("remote")
	clear(took)
	clear(burned)
	for b.Loop() {
		rounds++
		round("raw")
		round("remote")
	}
	for name, d := range took {
		b.ReportMetric(float64(rounds*calls)/d.Seconds(), name+"-jobs/s")
		b.ReportMetric(float64(burned[name].Microseconds())/float64(rounds*calls), name+"-cpu-µs/job")
	}
	if burned["remote"] > 0 {
		b.ReportMetric(burned["raw"].Seconds()/burned["remote"].Seconds(), "cpu-ratio")
	}
	b.ReportMetric(took["raw"].Seconds()/took["remote"].Seconds(), "ratio")
}

// BenchmarkLatency has one caller of each kind; they take turns as well.
func BenchmarkLatency(b *testing.B) {
	s := serve(b)
	installations := map[string]installation{"raw": newRaw(b, s), "remote": newEngine(b, s)}
	took := map[string][]time.Duration{}
	call := func(name string) {
		begun := time.Now()
		if _, err := installations[name](context.Background(), "x"); err != nil {
			b.Error(err)
		}
		took[name] = append(took[name], time.Since(begun))
	}
	for b.Loop() {
		call("raw")
		call("remote")
	}
	p50 := map[string]float64{}
	for name, all := range took {
		slices.Sort(all)
		p50[name] = all[len(all)/2].Seconds() * 1e3
		b.ReportMetric(p50[name], name+"-p50-ms")
		b.ReportMetric(all[len(all)*99/100].Seconds()*1e3, name+"-p99-ms")
	}
	b.ReportMetric(p50["remote"]/p50["raw"], "ratio")
}

// pause is work of a known length.
var pause = remote.New("pause", func(ctx context.Context, d time.Duration) (struct{}, error) {
	return struct{}{}, task.Sleep(ctx, d)
}, remote.Backlog(20))

// BenchmarkBacklog has 300 callers of a function whose backlog is 20. The calls
// should take as long as their work, which is 1.5 s on 20 places.
func BenchmarkBacklog(b *testing.B) {
	s := serve(b)
	e := open(b, dial(b, s))
	w := open(b, dial(b, s))
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = remote.Serve(ctx, w, []remote.Callable{pause}, remote.Concurrency(20)) })
	defer serving.Wait()
	defer cancel()
	const callers, work = 300, 100 * time.Millisecond
	begun := time.Now()
	for b.Loop() {
		callMany(b, callers, func() error { _, err := pause.On(e)(ctx, work); return err })
	}
	least := time.Duration(b.N) * callers / 20 * work
	b.ReportMetric(time.Since(begun).Seconds()/least.Seconds(), "times-the-work")
}

// BenchmarkManyCalls has 10,000 calls at once through one engine.
func BenchmarkManyCalls(b *testing.B) {
	call := newEngine(b, serve(b))
	for b.Loop() {
		callMany(b, 10_000, func() error { _, err := call(context.Background(), "x"); return err })
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "jobs/s")
}

func callMany(tb testing.TB, n int, call func() error) {
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if err := call(); err != nil {
				tb.Error(err)
			}
		})
	}
	all.Wait()
}

// Ten thousand calls at once each get their own result.
func TestManyCalls(t *testing.T) {
	if !slow {
		t.Skip("set HEIRLOOM_SLOW to have 10,000 calls at once")
	}
	s := serve(t)
	e := open(t, dial(t, s))
	worker(t, s, []remote.Callable{echo})
	ctx := within(t, 5*time.Minute)
	var n atomic.Int32
	callMany(t, 10_000, func() error {
		text := fmt.Sprint(n.Add(1))
		got, err := echo.On(e)(ctx, text)
		if err == nil && got != text {
			err = fmt.Errorf("%q is %q", text, got)
		}
		return err
	})
}
