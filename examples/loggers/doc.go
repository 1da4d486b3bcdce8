// Package loggers gives each entry of zap's and zerolog's loggers the values of
// variables, with no parameter and no ctx where the entry is made. For log/slog
// and package log, see ctxvar/ctxslog.
package loggers
