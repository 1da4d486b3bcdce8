package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Fields returns an option for a zap.Logger that adds to each entry what the
// given functions return at the time it is made, in the goroutine that makes it.
// One that has nothing to add returns [zap.Skip].
//
//	logger := zap.Must(zap.NewProduction(loggers.Fields(func() zap.Field {
//		return zap.String("request_id", requestID.Get())
//	})))
//
// The functions are not called for entries that the logger's level leaves out.
// A logger made by With([zap.Namespace]) has the fields in that namespace, as
// it has those given with the entry.
func Fields(fields ...func() zap.Field) zap.Option {
	return zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return &fieldsCore{core, fields}
	})
}

// fieldsCore adds fields to the entries of the core within.
type fieldsCore struct {
	zapcore.Core
	fields []func() zap.Field
}

func (c *fieldsCore) With(fields []zap.Field) zapcore.Core {
	return &fieldsCore{c.Core.With(fields), c.fields}
}

// Check gives the fields to the core within before that one decides, rather
// than putting c in its place and adding them in Write: a core that samples or
// forks decides in its own Check, which must be asked.
func (c *fieldsCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) {
		return checked
	}
	fields := make([]zap.Field, len(c.fields))
	for i, field := range c.fields {
		fields[i] = field()
	}
	return c.Core.With(fields).Check(entry, checked)
}
