package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

// A Service answers requests for tenants, which are named in the header X-Tenant. A
// real service would take the name from something that it has verified: a certificate,
// a token, a session.
type Service struct {
	directory directory
	outbox    *outbox
	handler   http.Handler
	// fault is called in the middle of each transaction that adds a note. Tests use it to
	// make the transaction fail.
	fault func(ctx context.Context) error
}

// New returns a service with tenants that have their databases in the folder path. It
// must be closed.
func New(path string, errors *log.Logger) *Service {
	s := &Service{
		directory: directory{path: path, busy: 50 * time.Millisecond},
		outbox:    newOutbox(4, errors),
		fault:     func(context.Context) error { return nil },
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /notes", s.postNote)
	mux.HandleFunc("POST /notes/batch", s.postBatch)
	mux.HandleFunc("GET /notes", answer(s.list))
	mux.HandleFunc("GET /summary", answer(s.summary))
	s.handler = ctxhttp.Middleware()(s.forTenant(mux))
	return s
}

// forTenant is the middleware that determines the tenant of a request.
func (s *Service) forTenant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := s.directory.tenant(r.Header.Get("X-Tenant"))
		switch {
		case errors.Is(err, ErrName):
			http.Error(w, err.Error(), http.StatusForbidden)
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		default:
			tenant.With(t, func() { next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context()))) })
		}
	})
}

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the service. No request may be in progress.
func (s *Service) Close() error {
	s.outbox.close()
	return s.directory.close()
}

func (s *Service) postNote(w http.ResponseWriter, r *http.Request) {
	var note Note
	if err := json.NewDecoder(r.Body).Decode(&note); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.add(r.Context(), note); err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (s *Service) postBatch(w http.ResponseWriter, r *http.Request) {
	var notes []Note
	if err := json.NewDecoder(r.Body).Decode(&notes); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(func(ctx context.Context) (int, error) { return s.addAll(ctx, notes) })(w, r)
}

// answer returns a handler that answers with the result of fn.
func answer[T any](fn func(context.Context) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := fn(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // the client may be gone
	}
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrExists):
		status = http.StatusConflict
	case sqlitedb.Busy(err):
		status = http.StatusServiceUnavailable
	}
	http.Error(w, fmt.Sprintf("%s: %v", tenant.MustGet().Name, err), status)
}
