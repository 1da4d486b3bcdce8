// Command loggers gives each entry of zap's and zerolog's loggers the values of
// variables, with no parameter and no ctx where the entry is made. For log/slog
// and package log, see ctxvar/ctxslog.
//
//	go run ./examples/loggers
package main

import (
	"os"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var requestID = ctxvar.New[string]("request_id")

func main() {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
	byZap := zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stdout), zap.InfoLevel),
		Fields(func() zap.Field { return zap.String("request_id", requestID.Get()) }))
	byZerolog := zerolog.New(os.Stdout).Hook(Str(requestID))

	requestID.With("r1", func() {
		byZap.Info("from zap")
		byZerolog.Info().Msg("from zerolog")
	})
}
