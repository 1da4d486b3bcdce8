// Command tenants is a service with one SQLite database for each of its tenants. The
// tenant of a request is a variable, and so is the transaction: nothing below the
// middleware has a parameter for either, and nothing can mix them up.
//
// Its test has 200 clients at work at once, with requests cut off, handlers that panic,
// transactions that fail and databases that are busy, and finds each row where it
// belongs.
//
//	go run ./examples/tenants
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/heirloom-go/heirloom/gather"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "tenants:", err)
		os.Exit(1)
	}
}

// run makes two tenants write notes at the same time, and then shows each tenant's
// notes.
func run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "tenants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	service := New(folder, log.Default())
	server := httptest.NewServer(service)
	defer func() {
		server.Close()
		err = errors.Join(err, service.Close())
	}()

	type note struct{ tenant, id string }
	var notes []note
	for i := range 10 {
		notes = append(notes, note{"acme", fmt.Sprint("a", i)}, note{"globex", fmt.Sprint("g", i)})
	}
	err = gather.Each(ctx, notes, func(ctx context.Context, n note) error {
		return send(ctx, server, http.MethodPost, "/notes", n.tenant, Note{ID: n.id, Text: "hello"}, nil)
	}, gather.Limit(4))
	if err != nil {
		return err
	}
	for _, name := range []string{"acme", "globex"} {
		var summary Summary
		if err := send(ctx, server, http.MethodGet, "/summary", name, nil, &summary); err != nil {
			return err
		}
		fmt.Printf("%s has %d notes, and its own total says %d\n", name, summary.Notes, summary.Total)
	}
	return nil
}

// send sends a request for a tenant, and reads the answer into out unless out is nil.
func send(ctx context.Context, server *httptest.Server, method, path, tenant string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("X-Tenant", tenant)
	response, err := server.Client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s %s for %s: %s: %s", method, path, tenant, response.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(out)
}
