// Package ctxriver sends variables along with jobs of River, and gives each job that is
// worked its own: what is set where a job is inserted is set in its worker, and in all that
// it calls, without a parameter, on each attempt.
//
//	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
//		Middleware: []rivertype.Middleware{
//			ctxriver.Middleware(ctxwire.RequestID(requestID), ctxwire.String(tenant, "X-Tenant")),
//		},
//		…
//	})
//
// Only what is chosen so travels, in the metadata of the job, as an object of texts under
// the key "ctxvar".
//
// # Inserting
//
// A job is inserted with the values that the calling goroutine has, or with those that ctx
// carries if they are of another piece of work. A value that can't be sent makes the
// insertion fail with a [*ctxwire.FieldError] before the database is asked. [Inserter]
// inserts jobs in the current transaction, of package ctxpgx or ctxsql, which is committed
// with them or not at all.
//
// # Working
//
// To work a job is a piece of work, see [ctxvar.Work]. It has the variables that the ctx
// given to the client's Start carries, see [ctxvar.NewContext], and those of the job on top.
// What River's goroutines have does not count: they have inherited the variables of
// whoever started the client. What a worker sets is gone when it returns or panics. Its ctx
// carries its variables. A panic goes on to River, which notes it as the job's error.
//
// What is in a job's metadata is input like any other: package ctxwire says what is taken
// for none. Here that is also what is no text.
//
// River's own goroutines insert periodic jobs, with what they have inherited from whoever
// started the client. Start it when the program starts or, in a request, with
// [ctxvar.Detach].
package ctxriver
