// Package tenants is a service with one SQLite database for each of its tenants.
// Which tenant a request is for is a variable, and so is the transaction: nothing
// below the middleware has a parameter for either, and nothing can mix them up.
//
// Its test has 200 clients at work at once, with requests cut off, handlers that
// panic, transactions that fail and databases that are busy, and finds each row
// where it belongs.
package tenants
