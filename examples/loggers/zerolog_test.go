package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	loggers "github.com/heirloom-go/heirloom/examples/loggers"
)

func ExampleStr() {
	logger := zerolog.New(os.Stdout).Hook(loggers.Str(requestID))

	logger.Info().Msg("no request")
	requestID.With("r1", func() {
		cart := logger.With().Str("component", "cart").Logger()
		cart.Info().Int("items", 3).Msg("added")
	})
	// Output:
	// {"level":"info","message":"no request"}
	// {"level":"info","component":"cart","items":3,"request_id":"r1","message":"added"}
}

func TestStrOfEachGoroutine(t *testing.T) {
	var out bytes.Buffer
	logger := zerolog.New(zerolog.SyncWriter(&out)).Hook(loggers.Str(requestID))

	const goroutines = 50
	var all sync.WaitGroup
	for i := range goroutines {
		id := string(rune('A' + i))
		requestID.With(id, func() {
			all.Go(func() { logger.Info().Str("want", id).Msg("working") })
		})
	}
	all.Wait()

	events := json.NewDecoder(&out)
	for range goroutines {
		var event struct {
			Want      string `json:"want"`
			RequestID string `json:"request_id"`
		}
		require.NoError(t, events.Decode(&event))
		assert.NotEmpty(t, event.Want)
		assert.Equal(t, event.Want, event.RequestID)
	}
}
