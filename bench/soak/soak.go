package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// run runs a soak for the given time, and returns its finding.
func run(ctx context.Context, dsn string, length time.Duration, clients int) (*finding, error) {
	c := newChecks()
	s, err := openService(ctx, c, dsn)
	if err != nil {
		return nil, err
	}
	front, err := openFront(s)
	if err != nil {
		return nil, err
	}
	found := &finding{checks: c, length: length}
	sending, stop := context.WithTimeout(ctx, length)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { front.restart(sending, max(length/4, 2*time.Second)) })
	all.Go(func() { disturb(sending) })
	all.Go(func() { s.checkRows(sending) })
	for i := range clients {
		all.Go(func() { newClient(c, front.address, i).send(sending) })
	}
	all.Go(func() {
		// After a quarter of the time, what the service makes only once has been made.
		select {
		case <-time.After(length / 4):
			found.goroutinesEarly, found.heapEarly = measure()
		case <-sending.Done():
		}
	})
	all.Wait()

	front.close()
	if err := s.store.check(ctx, c); err != nil {
		c.fail("rows", err.Error())
	}
	if err := s.close(); err != nil {
		c.fail("closing", err.Error())
	}
	found.goroutines, found.heap = measure()
	found.lost = ctxvar.LostCount()
	if found.goroutines > found.goroutinesEarly {
		c.fail("goroutines", fmt.Sprintf("%d are left, and at work there were %d", found.goroutines, found.goroutinesEarly))
	}
	if found.heap > found.heapEarly+32<<20 {
		c.fail("heap", fmt.Sprintf("%d KiB are left, and at work it was %d KiB", found.heap>>10, found.heapEarly>>10))
	}
	return found, nil
}

// measure returns the number of goroutines and the number of live bytes in the heap.
func measure() (goroutines int, heap uint64) {
	runtime.GC()
	runtime.GC() // frees what finalizers kept alive
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// A front is the server that clients connect to, at one address.
type front struct {
	service *service
	address string
	server  atomic.Pointer[http.Server]
	serving sync.WaitGroup
}

func openFront(s *service) (*front, error) {
	f := &front{service: s, address: "127.0.0.1:0"}
	return f, f.open()
}

func (f *front) open() error {
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return err
	}
	f.address = listener.Addr().String()
	server := &http.Server{Handler: f.service.handler(), ErrorLog: quiet}
	f.server.Store(server)
	f.serving.Go(func() { _ = server.Serve(listener) }) // returns an error when it is shut down
	return nil
}

func (f *front) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := f.server.Load().Shutdown(ctx); err != nil {
		_ = f.server.Load().Close()
	}
	f.serving.Wait()
}

// restart stops the server by a signal to this process, and opens it again, repeatedly.
func (f *front) restart(ctx context.Context, every time.Duration) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	defer signal.Stop(signals)
	for {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(syscall.SIGTERM)
		}
		if err == nil {
			<-signals
		}
		f.close()
		for f.open() != nil && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		f.service.checks.restarts.Add(1)
	}
}

// checkRows checks the rows while the service writes others. It sees only what has been
// committed, so both halves of each transaction are there.
func (s *service) checkRows(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.store.check(ctx, s.checks); err != nil && ctx.Err() == nil {
			s.checks.fail("rows", err.Error())
		}
		pause(ctx, time.Second)
	}
}

// disturb takes profiles and traces, and puts the garbage collector under pressure.
func disturb(ctx context.Context) {
	for ctx.Err() == nil {
		var cpu, execution bytes.Buffer
		if pprof.StartCPUProfile(&cpu) == nil {
			pause(ctx, 300*time.Millisecond)
			pprof.StopCPUProfile()
		}
		if trace.Start(&execution) == nil {
			pause(ctx, 100*time.Millisecond)
			trace.Stop()
		}
		_ = pprof.Lookup("goroutine").WriteTo(io.Discard, 2)
		_ = pprof.Lookup("goroutine").WriteTo(io.Discard, 0)
		for range 5 {
			runtime.GC()
			pause(ctx, 20*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A client sends one request after another, each with an identity of its own.
type client struct {
	checks  *checks
	address string
	name    int
	random  *rand.Rand
	http    *http.Client
}

func newClient(c *checks, address string, name int) *client {
	return &client{checks: c, address: address, name: name, random: rand.New(rand.NewPCG(uint64(name), 1)),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}}
}

func (c *client) send(ctx context.Context) {
	defer c.http.CloseIdleConnections()
	for i := 0; ctx.Err() == nil; i++ {
		kind := "all"
		switch c.random.IntN(20) {
		case 0:
			kind = "panic"
		case 1:
			kind = "goexit"
		case 2:
			kind = "slow"
		case 3:
			kind = "back"
		case 4:
			kind = "cut"
		}
		c.one(ctx, fmt.Sprintf("c%d-%d", c.name, i), kind)
	}
}

// one sends one request, and checks that the answer is the one to this request.
func (c *client) one(ctx context.Context, want, kind string) {
	if kind == "cut" {
		// The connection is cut in the middle.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.random.IntN(4000))*time.Microsecond)
		defer cancel()
		c.checks.faults.Add(1)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+"/"+want+"/"+kind, nil)
	if err != nil {
		c.checks.fail("client", err.Error())
		return
	}
	r.Header.Set(requestKey, want)
	r.Header.Set("Authorization", want)
	c.checks.requests.Add(1)
	response, err := c.http.Do(r)
	if err != nil {
		c.checks.refused.Add(1)
		pause(ctx, time.Millisecond) // the server may be stopped
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		c.checks.refused.Add(1)
	case response.StatusCode == http.StatusOK:
		c.checks.same("answer", want, string(body))
	case kind == "all" && ctx.Err() == nil:
		c.checks.fail("answer", response.Status+": "+string(body))
	default:
		c.checks.refused.Add(1)
	}
}
