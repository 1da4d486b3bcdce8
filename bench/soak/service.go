package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/panjf2000/ants/v2"
	"github.com/robfig/cron/v3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A service is the service under test. The path of each request says for whom it is.
type service struct {
	checks *checks
	log    *slog.Logger
	tracer ctxotel.Tracer
	store  *store
	stock  *stock

	pool     *ants.Pool
	flights  singleflight.Group
	cron     *cron.Cron
	cache    cache
	upstream *httptest.Server
	client   *http.Client // to upstream, on kept-alive connections
}

func openService(ctx context.Context, c *checks, dsn string) (s *service, err error) {
	s = &service{checks: c, log: newLogger(c), tracer: newTracer(c)}
	if s.store, err = openStore(ctx, dsn); err != nil {
		return nil, err
	}
	if s.stock, err = openStock(s); err != nil {
		return nil, err
	}
	if s.pool, err = openPool(); err != nil {
		return nil, err
	}
	s.upstream = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) == 0 {
			return // the client has cut the connection
		}
		c.same("upstream: header", string(body), r.Header.Get(requestKey))
		_, _ = io.WriteString(w, r.Header.Get(requestKey))
	}))
	s.client = &http.Client{Transport: ctxhttp.NewTransport(&http.Transport{MaxIdleConnsPerHost: 64}, fields...)}
	s.cache.checks = c
	s.cron = cron.New(cron.WithSeconds())
	// This job belongs to no request, and must never have an identity.
	_, err = s.cron.AddFunc("* * * * * *", func() {
		c.same("cron: request", "none", request.Get())
		_, ok := user.Lookup()
		c.same("cron: user", "false", fmt.Sprint(ok))
	})
	s.cron.Start()
	return s, err
}

// poolSize is how many goroutines the pool has.
const poolSize = 16

// openPool returns a pool with goroutines that were started by a request which has
// ended, as in any pool that is used for longer than a request lasts. While that request
// lasts, its identity is readable in the goroutines that it started, so bare jobs in such
// a pool would read it.
func openPool() (*ants.Pool, error) {
	pool, err := ants.NewPool(poolSize, ants.WithDisablePurge(true))
	if err != nil {
		return nil, err
	}
	starter := func() {
		request.Set("the pool's starter")
		user.Set("the pool's starter")
		var started sync.WaitGroup
		all := make(chan struct{})
		for range poolSize {
			started.Add(1)
			if submitErr := pool.Submit(func() { started.Done(); <-all }); submitErr != nil {
				started.Done()
				err = submitErr
			}
		}
		started.Wait() // each job has a goroutine of its own, since none has ended
		close(all)
	}
	ctxvar.Work(starter)
	return pool, err
}

func (s *service) close() error {
	<-s.cron.Stop().Done()
	s.pool.Release()
	s.cache.close()
	s.client.CloseIdleConnections()
	s.upstream.Close()
	return errors.Join(s.stock.close(), s.store.close())
}

// handler returns the service behind chi.
func (s *service) handler() http.Handler {
	r := chi.NewRouter()
	r.Use(s.fromNothing, authenticate)
	r.Get("/{want}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		want := chi.URLParam(r, "want")
		s.checks.here("handler", want)
		s.checks.by(r.Context(), "handler", want)
		s.checks.same("handler: what another request set to stay", "none", note.Get())
		note.Set(want)
		err := s.serve(r.Context(), want, chi.URLParam(r, "kind"))
		s.checks.here("handler, at its end", want)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			_, _ = io.WriteString(w, request.Get())
		}
	})
	return r
}

// fromNothing checks, in the goroutine of a connection, that an earlier request has
// left nothing.
func (s *service) fromNothing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.checks.same("connection: request", "none", request.Get())
		s.checks.same("connection: note", "none", note.Get())
		if got, ok := user.Lookup(); ok {
			s.checks.fail("connection: user", got)
		}
		next.ServeHTTP(w, r)
	})
}

// serve handles a request of the given kind.
func (s *service) serve(ctx context.Context, want, kind string) error {
	defer s.tracer.Start("serve", whose(want)).End()
	s.log.Info("serving", "want", want)
	s.log.InfoContext(ctx, "serving by ctx", "want", want)
	switch kind {
	case "panic":
		s.checks.faults.Add(1)
		panic(http.ErrAbortHandler)
	case "goexit":
		s.checks.faults.Add(1)
		runtime.Goexit()
	case "slow":
		s.checks.faults.Add(1)
		limited, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
		if err := s.store.write(limited, want, false); err == nil {
			return task.Sleep(ctx, time.Millisecond)
		}
		return nil // the transaction was cut off; the check of the rows covers it
	case "back":
		s.checks.faults.Add(1)
		if err := s.store.write(ctx, want, true); !errors.Is(err, errTakenBack) && ctx.Err() == nil {
			s.checks.fail("lost error: InTx", fmt.Sprint(err))
		}
		return nil
	}
	return errors.Join(s.fanOut(ctx, want), s.pooled(ctx, want), s.call(ctx, want), s.store.write(ctx, want, false))
}

// fanOut makes goroutines of all kinds work for want at once.
func (s *service) fanOut(ctx context.Context, want string) error {
	broken := fmt.Errorf("job of %s: broken on purpose", want)
	_, err := gather.All(ctx,
		func(ctx context.Context) (struct{}, error) { return struct{}{}, s.work(ctx, "gather", want) },
		func(ctx context.Context) (struct{}, error) { return struct{}{}, s.stock.ask(ctx, want) },
	)
	if err != nil {
		return err
	}
	// This error must not be lost.
	s.checks.faults.Add(1)
	err = task.Group(ctx, func(ctx context.Context) error {
		task.Go(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.work(ctx, "task", want) })
		task.Go(ctx, func(context.Context) (struct{}, error) { return struct{}{}, broken })
		return nil
	})
	if !errors.Is(err, broken) && ctx.Err() == nil {
		s.checks.fail("lost error: task.Group", fmt.Sprint(err))
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for range 3 {
		group.Go(func() error { return s.work(groupCtx, "errgroup", want) })
	}
	_, err, _ = s.flights.Do(want, func() (any, error) { return nil, s.work(ctx, "singleflight", want) })
	s.cache.get()
	return errors.Join(err, group.Wait())
}

// work is a job for want, which the variables must have too.
func (s *service) work(ctx context.Context, where, want string) error {
	span := s.tracer.Start(where, whose(want))
	defer span.End()
	s.checks.here(where, want)
	s.log.InfoContext(ctx, where, "want", want)
	note.Set(where)
	done := make(chan struct{})
	go func() { // while the tracer's labels are in the slot
		defer close(done)
		s.checks.here(where+", a goroutine of it", want)
	}()
	<-done
	return nil
}

// pooled gives jobs to a pool with workers that other requests have started.
func (s *service) pooled(ctx context.Context, want string) error {
	var jobs sync.WaitGroup
	submit := func(job func()) error {
		jobs.Add(1)
		err := s.pool.Submit(func() { defer jobs.Done(); job() })
		if err != nil {
			jobs.Done()
		}
		return err
	}
	err := errors.Join(
		submit(func() {
			s.checks.bare(want)
			// The ctx has the variables of its request, whichever request started the worker.
			s.checks.by(ctx, "pool", want)
			s.log.InfoContext(ctx, "bare job", "want", want)
		}),
		submit(func() {
			ctxvar.RunFrom(ctx, func() { _ = s.work(ctx, "pool", want) })
		}))
	jobs.Wait()
	return err
}

// call sends a request on, over a connection that other requests have used.
func (s *service) call(ctx context.Context, want string) error {
	body, writer := io.Pipe()
	go func() { _, err := io.WriteString(writer, want); writer.CloseWithError(err) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.upstream.URL, body)
	if err != nil {
		return err
	}
	response, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil {
		s.checks.same("upstream: answer", want, string(answer))
	}
	return err
}

// A cache starts its janitor lazily, in the request that happens to come first.
type cache struct {
	checks *checks
	start  sync.Once
	stop   chan struct{}
	ended  chan struct{}
}

func (c *cache) get() {
	c.start.Do(func() {
		c.stop, c.ended = make(chan struct{}), make(chan struct{})
		ctxvar.Detach(func() { go c.janitor() })
	})
}

func (c *cache) janitor() {
	defer close(c.ended)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.checks.same("janitor: request", "none", request.Get())
			if got, ok := user.Lookup(); ok {
				c.checks.fail("janitor: user", got)
			}
		case <-c.stop:
			return
		}
	}
}

func (c *cache) close() {
	c.start.Do(func() {})
	if c.stop != nil {
		close(c.stop)
		<-c.ended
	}
}

// quiet discards net/http's reports of panics in handlers, which are intended.
var quiet = log.New(io.Discard, "", 0)
