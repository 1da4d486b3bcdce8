// Package ctxriver sends variables with jobs of River, and gives each job that
// is worked variables of its own: what is set where a job is inserted is set in
// its worker, and in everything that the worker calls, without a parameter, on
// each attempt.
//
//	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
//		Middleware: []rivertype.Middleware{
//			ctxriver.Middleware(ctxwire.RequestID(requestID), ctxwire.String(tenant, "X-Tenant")),
//		},
//		…
//	})
//
// Only the variables of these fields are sent, in the metadata of the job, as
// an object of texts under the key "ctxvar".
//
// # Inserting
//
// A job is inserted with the values of the calling goroutine, or with those
// that ctx carries if they belong to another work. If a value cannot be sent,
// the insertion fails with a [*ctxwire.FieldError] before the database is
// accessed. An [Inserter] inserts jobs in the current transaction of package
// ctxpgx or ctxsql, which is committed with them or not at all.
//
// # Working
//
// Working a job is a work (see [ctxvar.Work]). It has the variables that the
// ctx given to the client's Start carries (see [ctxvar.NewContext]), with those
// of the job on top. The variables of River's goroutines are ignored: they have
// inherited them from the goroutine that started the client. What a worker sets
// is discarded when it returns or panics. Its ctx carries its variables. A
// panic continues to River, which records it as the job's error.
//
// What is in a job's metadata is untrusted input: package ctxwire says which
// values are refused. Here, these include values that are not texts.
//
// River's own goroutines insert periodic jobs, with the variables inherited
// from the goroutine that started the client. Start it when the program starts
// or, in a request, within [ctxvar.Detach].
package ctxriver
