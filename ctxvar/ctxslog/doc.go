// Package ctxslog adds variables to log records. With a [Handler] around the
// handler of a [slog.Logger], a log call deep in a library, without a parameter
// and without a ctx, includes the values of the current work.
//
//	var requestID = ctxvar.New[string]("request_id")
//
//	func main() {
//		slog.SetDefault(slog.New(ctxslog.NewHandler(
//			slog.NewJSONHandler(os.Stderr, nil),
//			ctxslog.Var(requestID),
//		)))
//		…
//	}
//
//	func deepInALibrary() { slog.Info("connecting") }
//	// {"time":…,"level":"INFO","msg":"connecting","request_id":"b7f2…"}
//
// # Which value
//
// Variables are read for each record that the inner handler handles, and not
// for records that its level excludes. The values are those of the goroutine
// that logs, or those that the record's ctx carries (see [ctxvar.NewContext])
// if they belong to another work; [ctxvar.Effective] decides. So
// slog.InfoContext(ctx, …) writes the right values even in a worker of a pool
// that took ctx out of a channel and was started by another request. If a
// variable has no value, its default is written. A variable without either is
// omitted; with [OmitUnset], so is one with only a default.
//
// # Where it is written
//
// Attributes made from variables are at the top level of the record, whatever
// groups the logger has open: after the attributes given to [slog.Logger.With]
// before the first group, and before all others. So a query for request_id
// finds the records of all loggers in one place. If the record has an attribute
// of the same name there, both are written, as slog does with any two
// attributes of one name; most readers of JSON take the later one, which is the
// record's own.
//
// # Other loggers
//
// Package log: [slog.NewLogLogger] makes a log.Logger of a Handler, and after
// [slog.SetDefault], log.Print and the like go through it too.
//
// zap: a zapcore.Core that adds the fields of the variables to the inner core,
// core.With(fields).Check(entry, checked), in its Check method, which zap calls
// in the goroutine that logs. zerolog: a Hook that adds them in Run. The
// [examples] have both, for copying.
//
// [examples]: https://github.com/heirloom-go/heirloom/tree/main/examples/loggers
package ctxslog
