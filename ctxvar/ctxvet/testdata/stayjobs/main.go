// A program that gives its jobs variables of their own, but not its requests.
package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var (
	user = ctxvar.New[string]("user")
	once sync.Once
)

type pool struct{}

func (pool) Submit(f func()) error { go f(); return nil }

type server struct{ pool pool }

func (s *server) refresh() {}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	once.Do(func() { ctxvar.Detach(func() { go s.refresh() }) })
	ctx := r.Context()
	job := func() { _ = r.URL }
	s.pool.Submit(func() { ctxvar.RunFrom(ctx, job) })
	var err error
	ctxvar.Detach(func() { err = s.pool.Submit(func() { ctxvar.RunFrom(ctx, job) }) })
	if err != nil {
		return
	}
	values := ctxvar.Copy()
	time.AfterFunc(time.Minute, func() { values.Run(remind) })
	user.Set("x") // want `the value stays set for the connection's next request`
}

func remind() {}

func consume(ctx context.Context, messages chan func()) {
	for handle := range messages {
		ctxvar.Work(func() { handle() })
	}
}

func main() {
	go consume(context.Background(), nil)
	http.ListenAndServe(":1", &server{})
}
