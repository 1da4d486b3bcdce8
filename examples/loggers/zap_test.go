package main_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/heirloom-go/heirloom/ctxvar"
	loggers "github.com/heirloom-go/heirloom/examples/loggers"
)

var requestID = ctxvar.New[string]("request_id")

// requestIDField is how a program would declare the field, once.
func requestIDField() zap.Field {
	if id, ok := requestID.Lookup(); ok {
		return zap.String("request_id", id)
	}
	return zap.Skip()
}

func ExampleFields() {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
	logger := zap.New(
		zapcore.NewCore(encoder, zapcore.Lock(os.Stdout), zap.InfoLevel),
		loggers.Fields(requestIDField),
	)

	logger.Info("no request")
	requestID.With("r1", func() {
		logger.With(zap.String("component", "cart")).Info("added", zap.Int("items", 3))
	})
	// Output:
	// {"msg":"no request"}
	// {"msg":"added","component":"cart","request_id":"r1","items":3}
}

func TestFieldsOfEachGoroutine(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	logger := zap.New(core, loggers.Fields(requestIDField))

	const goroutines = 50
	done := make(chan struct{})
	for i := range goroutines {
		id := string(rune('A' + i))
		requestID.With(id, func() {
			go func() {
				logger.Info("working", zap.String("want", id))
				done <- struct{}{}
			}()
		})
	}
	for range goroutines {
		<-done
	}

	assert.Equal(t, goroutines, logs.Len())
	for _, entry := range logs.All() {
		fields := entry.ContextMap()
		assert.Equal(t, fields["want"], fields["request_id"])
	}
}

func TestFieldsAskTheSampler(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	logger := zap.New(
		zapcore.NewSamplerWithOptions(core, time.Hour, 2, 0),
		loggers.Fields(requestIDField),
	)

	requestID.With("r1", func() {
		for range 10 {
			logger.Info("again and again")
		}
	})

	assert.Equal(t, 2, logs.FilterField(zap.String("request_id", "r1")).Len())
	assert.Equal(t, 2, logs.Len())
}

func TestFieldsAreNotMadeInVain(t *testing.T) {
	core, _ := observer.New(zap.InfoLevel)
	logger := zap.New(core, loggers.Fields(func() zap.Field {
		t.Error("called for an entry that is left out")
		return zap.Skip()
	}))

	logger.Debug("left out")
}
