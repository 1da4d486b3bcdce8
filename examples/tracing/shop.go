package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

// An Offer is the shop's answer about an item.
type Offer struct {
	Item  string `json:"item"`
	Price int    `json:"price"` // in cents
	Left  int64  `json:"left"`
}

// An API is the service for customers.
type API struct {
	Log     *slog.Logger
	Tracer  ctxotel.Tracer
	Client  *http.Client
	Catalog string // URL
}

// Handlers returns the API's handlers.
func (a *API) Handlers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /offers/{item}", func(w http.ResponseWriter, r *http.Request) {
		offer, err := a.offer(r.PathValue("item"))
		if err != nil {
			a.Log.Error("no offer", "err", err)
			http.Error(w, "no offer", http.StatusBadGateway)
			return
		}
		json.NewEncoder(w).Encode(offer)
	})
	return mux
}

func (a *API) offer(item string) (offer Offer, err error) {
	err = a.Tracer.Do("offer", func() error {
		a.Log.Info("asking the catalog")
		resp, err := a.Client.Get(a.Catalog + "/items/" + item) // has no ctx
		if err != nil {
			return fmt.Errorf("asking the catalog: %w", err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the catalog says %s", resp.Status)
		}
		return json.NewDecoder(resp.Body).Decode(&offer)
	})
	return offer, err
}

// A Catalog is the service that knows prices.
type Catalog struct {
	Log    *slog.Logger
	Tracer ctxotel.Tracer
	Stock  StockClient
}

// Handlers returns the catalog's handlers.
func (c *Catalog) Handlers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{item}", func(w http.ResponseWriter, r *http.Request) {
		offer, err := c.look(r.PathValue("item"))
		if err != nil {
			c.Log.Error("cannot look it up", "err", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(offer)
	})
	return mux
}

// look finds the price and the number of items left, both at the same time.
func (c *Catalog) look(item string) (Offer, error) {
	offer := Offer{Item: item}
	var failed error
	var both sync.WaitGroup
	both.Go(func() {
		defer c.Tracer.Start("price").End()
		c.Log.Info("looking up the price")
		offer.Price = 100 * len(item)
	})
	both.Go(func() {
		offer.Left, failed = c.Stock.Left(item)
	})
	both.Wait()
	return offer, failed
}

// A Stock is the service that counts the items left.
type Stock struct {
	Log    *slog.Logger
	Tracer ctxotel.Tracer
}

// Left is called over gRPC.
func (s *Stock) Left(_ context.Context, item *wrapperspb.StringValue) (*wrapperspb.Int64Value, error) {
	return wrapperspb.Int64(s.count(item.GetValue())), nil
}

func (s *Stock) count(item string) int64 {
	defer s.Tracer.Start("count").End()
	s.Log.Info("counting")
	return int64(len(item))
}
