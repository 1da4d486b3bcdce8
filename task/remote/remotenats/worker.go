package remotenats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/task/remote"
)

// consumer returns the consumer of a function's jobs, and makes it if it is
// missing. All workers make the same one.
func (e *Engine) consumer(ctx context.Context, fn string) (jetstream.Consumer, error) {
	config := jetstream.ConsumerConfig{
		Durable:       fn,
		FilterSubject: e.namespace + ".job." + fn + ".>",
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       e.lease,
		MaxDeliver:    -1, // each job has its own limit, and its caller must learn of it
		MaxAckPending: -1, // as many as there are places
		MaxWaiting:    mostWorkers,
	}
	made, err := e.jobs.CreateOrUpdateConsumer(ctx, config)
	var refused *jetstream.APIError
	if !errors.As(err, &refused) {
		return made, err
	}
	// MaxWaiting can't be changed later, and another worker may have made the
	// consumer with another value.
	there, missing := e.jobs.Consumer(ctx, fn)
	if missing != nil || there.CachedInfo().Config.MaxWaiting == config.MaxWaiting {
		return nil, err
	}
	config.MaxWaiting = there.CachedInfo().Config.MaxWaiting
	return e.jobs.CreateOrUpdateConsumer(ctx, config)
}

// mostWorkers is how many idle workers of one function the server lets wait for
// jobs. It refuses the requests of further workers, which then ask again each
// second. The server's default is 512.
const mostWorkers = 10_000

// A worker is one call of Serve.
type worker struct {
	*Engine
	handle    remote.Handler
	publisher *publisher
	running   sync.WaitGroup
	callers   callers
	// ahead is how far the server's clock is ahead of this machine's. It is needed
	// because the remaining time of a job counts from when the job was stored.
	ahead time.Duration

	mu   sync.Mutex
	jobs map[*running]struct{}
	kept time.Time // when the server last had a sign of life, as far as is known
}

// Serve implements remote.Engine.
func (e *Engine) Serve(ctx context.Context, funcs []string, concurrency int, handle remote.Handler) error {
	publisher, err := newPublisher(e.nc, nil)
	if err != nil {
		return fmt.Errorf("remotenats: %w", err)
	}
	defer publisher.stop()
	w := &worker{Engine: e, handle: handle, publisher: publisher, jobs: map[*running]struct{}{}, kept: time.Now()}
	w.callers.init(e)
	var consumers []jetstream.Consumer
	for _, fn := range funcs {
		consumer, err := w.firstConsumer(ctx, fn)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("remotenats: serving %s: %w", fn, err)
		}
		consumers = append(consumers, consumer)
	}

	// Signs of life are sent until the last job has ended.
	alive, stop := context.WithCancel(context.Background())
	var keeper sync.WaitGroup
	keeper.Go(func() { w.keep(alive) })
	defer func() { stop(); keeper.Wait() }()

	var fetchers sync.WaitGroup
	errs := make([]error, len(funcs))
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	for i, consumer := range consumers {
		fetchers.Go(func() {
			if errs[i] = w.fetch(ctx, funcs[i], consumer, concurrency); errs[i] != nil {
				fail()
			}
		})
	}
	fetchers.Wait()
	w.running.Wait()
	return errors.Join(errs...)
}

// firstConsumer returns the consumer of a function. It waits while a cluster has no
// leader that could make it. The answer also shows how far the clocks are apart.
func (w *worker) firstConsumer(ctx context.Context, fn string) (jetstream.Consumer, error) {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		asked := time.Now()
		consumer, err := w.consumer(ctx, fn)
		switch {
		case err == nil:
			if server := consumer.CachedInfo().TimeStamp; !server.IsZero() {
				w.ahead = server.Sub(asked.Add(time.Since(asked) / 2))
			}
			return consumer, nil
		case errors.Is(err, nats.ErrConnectionClosed), isRefusal(err):
			return nil, err
		}
		w.logger.Debug("remotenats: making a consumer", "func", fn, "err", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// fetch takes jobs of one function, never more than there are free places.
func (w *worker) fetch(ctx context.Context, fn string, consumer jetstream.Consumer, places int) error {
	free := make(chan struct{}, places)
	jobs := make(chan jetstream.Msg) // for goroutines that have run a job already
	defer close(jobs)
	start := func(m jetstream.Msg) {
		select {
		case jobs <- m:
		default:
			w.running.Go(func() {
				for more := true; more; m, more = <-jobs {
					w.run(m)
					free <- struct{}{}
				}
			})
		}
	}
	for range places {
		free <- struct{}{}
	}
	pause := time.Duration(0)
	for {
		// Wait for one place, then take all others that are free.
		n := 0
		select {
		case <-free:
			n++
		case <-ctx.Done():
			return nil
		}
		for more := true; more && n < places; {
			select {
			case <-free:
				n++
			default:
				more = false
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		taken, err := w.fetchOnce(ctx, consumer, n, start)
		for range n - taken {
			free <- struct{}{}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			pause = 0
			continue
		case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, jetstream.ErrConnectionClosed):
			return fmt.Errorf("remotenats: serving %s: %w", fn, err)
		case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound):
			// The stream remembers how far the consumer has come, so a new handle goes on
			// there.
			if again, err := w.consumer(ctx, fn); err == nil {
				consumer = again
			}
		}
		w.logger.Debug("remotenats: asking for jobs", "func", fn, "err", err)
		pause = min(max(2*pause, 10*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// fetchOnce asks for n jobs and starts those that come. It returns their number when
// all have come, when half a minute has passed, or when ctx ends.
func (w *worker) fetchOnce(ctx context.Context, consumer jetstream.Consumer, n int, start func(jetstream.Msg)) (taken int, err error) {
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	batch, err := consumer.Fetch(n, jetstream.FetchContext(asking))
	if err != nil {
		return 0, err
	}
	for m := range batch.Messages() {
		if ctx.Err() != nil {
			// The job came after ctx had ended, and is for another worker.
			_ = m.Nak()
			continue
		}
		taken++
		start(m)
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return taken, err
	}
	return taken, nil
}

// keep sends signs of life for the running jobs until ctx ends. It cancels these
// jobs when no sign has reached the server for the length of the lease.
func (w *worker) keep(ctx context.Context) {
	tick := time.NewTicker(w.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		w.keepOnce(ctx)
		w.callers.ask(ctx)
	}
}

func (w *worker) keepOnce(ctx context.Context) {
	w.mu.Lock()
	jobs := make([]*running, 0, len(w.jobs))
	for r := range w.jobs {
		jobs = append(jobs, r)
	}
	kept := w.kept
	w.mu.Unlock()

	now := time.Now()
	if late := now.Sub(kept) > w.lease; late {
		// This process, or the network, was stopped for that long. Other workers may
		// have the jobs.
		for _, r := range jobs {
			if r.started.Before(kept) || now.Sub(r.started) > w.lease {
				r.lose()
			}
		}
	}
	for _, r := range jobs {
		_ = r.message.InProgress() // a successful send proves nothing; see below
	}
	flush, cancel := context.WithTimeout(ctx, max(w.lease/3, 10*time.Millisecond))
	defer cancel()
	if w.nc.FlushWithContext(flush) == nil {
		// The server has answered a message that was sent after the signs, so it has
		// these too.
		w.mu.Lock()
		w.kept = now
		w.mu.Unlock()
	}
}
