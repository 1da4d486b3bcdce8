// Package ctxslog adds variables to log records: with [Handler] around the
// handler of a [slog.Logger], a call deep in a library, with no parameter and no
// ctx, says whose work it belongs to.
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
// A variable is looked for with each record that the handler within handles,
// and for none that its level leaves out. The values are those of the goroutine
// that logs, or those that the record's ctx carries, see [ctxvar.NewContext], if
// that is of another piece of work: [ctxvar.Effective] decides. So
// slog.InfoContext(ctx, …) says whose work it is even in a worker of a pool that
// took ctx out of a channel, and that somebody else's request has started. Where
// there is no value, it is the variable's default. A variable that has neither is
// left out, and with [OmitUnset] a default is no reason to write it.
//
// # Where it is written
//
// Attributes made from variables are at the top level of the record, whatever
// groups the logger has open, after what [slog.Logger.With] gave before the
// first of them and before all else: a query for request_id finds the records
// of all loggers in one place. If the record has an attribute of the same name
// there, both are written, as slog does with any two attributes of one name; most
// readers of JSON take the later one, which is the record's own.
//
// # Other loggers
//
// Package log: [slog.NewLogLogger] makes a log.Logger of a Handler, and after
// [slog.SetDefault] log.Print and the like go through it as well.
//
// zap: a zapcore.Core that gives the core within the fields of the variables,
// core.With(fields).Check(entry, checked), in its Check method, which zap calls
// in the goroutine that logs. zerolog: a Hook that adds them in Run. Both are
// written out, for copying, in the [examples].
//
// [examples]: https://github.com/heirloom-go/heirloom/tree/main/examples/loggers
package ctxslog
