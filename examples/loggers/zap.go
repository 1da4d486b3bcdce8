package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Fields returns an option for a zap.Logger. It adds to each entry the fields that the
// given functions return when the entry is made, in the goroutine that makes it. A
// function that has nothing to add returns [zap.Skip].
//
//	logger := zap.Must(zap.NewProduction(loggers.Fields(func() zap.Field {
//		return zap.String("request_id", requestID.Get())
//	})))
//
// The functions are not called for entries that the logger's level leaves out. A logger
// made by With([zap.Namespace]) has the fields in that namespace, like the fields given
// with the entry.
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

// Check gives the fields to the inner core before that core decides. It does not put c
// in the inner core's place and add the fields in Write, because a core that samples or
// forks decides in its own Check, which must be called.
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
