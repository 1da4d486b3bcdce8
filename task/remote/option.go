package remote

import (
	"encoding/json"
	"fmt"
	"time"
)

// A FuncOption configures a [Func]: [Deliveries], [Lease], [Backlog], [Grace],
// [Encoding].
type FuncOption interface{ applyFunc(*funcOptions) }

type funcOptions struct {
	deliveries int
	lease      time.Duration
	backlog    int
	grace      time.Duration
	codec      Codec
}

const maxDeliveries = 1000

func defaultOptions() funcOptions {
	return funcOptions{
		deliveries: 3,
		lease:      30 * time.Second,
		backlog:    1000,
		grace:      10 * time.Second,
		codec:      jsonCodec{},
	}
}

type funcOption func(*funcOptions)

func (o funcOption) applyFunc(options *funcOptions) { o(options) }

// Deliveries sets how many workers a job may be given to. The default is 3.
// When the last of them is lost, the call fails with [ErrLost]. Deliveries
// panics with a [*MisuseError] unless n is from 1 to 1000.
func Deliveries(n int) FuncOption {
	if n < 1 || n > maxDeliveries {
		panic(&MisuseError{"Deliveries", fmt.Sprint(n), "give a number from 1 to 1000"})
	}
	return funcOption(func(o *funcOptions) { o.deliveries = n })
}

// Lease sets how long a worker may give no sign of life before its job is given
// to another worker. The default is 30 s. An engine may round it, or have one
// lease for all its jobs. Lease panics with a [*MisuseError] if d is not
// positive.
func Lease(d time.Duration) FuncOption {
	if d <= 0 {
		panic(&MisuseError{"Lease", d.String(), "give a positive time"})
	}
	return funcOption(func(o *funcOptions) { o.lease = d })
}

// Backlog sets how many jobs of the function may wait for a worker. The default
// is 1000. Further calls wait, and with them gather.Limit and Stream. Backlog
// panics with a [*MisuseError] if n is not positive.
func Backlog(n int) FuncOption {
	if n <= 0 {
		panic(&MisuseError{"Backlog", fmt.Sprint(n), "give a positive number"})
	}
	return funcOption(func(o *funcOptions) { o.backlog = n })
}

// Grace sets how long a call whose ctx has ended waits for its job to end. The
// default is 10 s. Grace panics with a [*MisuseError] if d is not positive.
func Grace(d time.Duration) FuncOption {
	if d <= 0 {
		panic(&MisuseError{"Grace", d.String(), "give a positive time"})
	}
	return funcOption(func(o *funcOptions) { o.grace = d })
}

// A Codec encodes arguments and results. Its methods are called by several
// goroutines at the same time.
type Codec interface {
	Marshal(v any) ([]byte, error)
	// Unmarshal decodes data, which may come from anybody, into the value that
	// v points to.
	Unmarshal(data []byte, v any) error
}

// Encoding makes arguments and results cross in the format of c instead of
// JSON. It panics with a [*MisuseError] if c is nil.
func Encoding(c Codec) FuncOption {
	if c == nil {
		panic(&MisuseError{"Encoding", "", "a nil Codec; pass one"})
	}
	return funcOption(func(o *funcOptions) { o.codec = c })
}

type jsonCodec struct{}

func (jsonCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// A ServeOption configures [Serve]: [Concurrency], [Drain].
type ServeOption interface{ applyServe(*serveOptions) }

type serveOptions struct {
	concurrency int
	drain       time.Duration
}

type serveOption func(*serveOptions)

func (o serveOption) applyServe(options *serveOptions) { o(options) }

// Concurrency sets how many jobs of each function run at once. The default is
// the number of processors that the program uses, see runtime.GOMAXPROCS.
// Concurrency panics with a [*MisuseError] if n is not positive.
func Concurrency(n int) ServeOption {
	if n <= 0 {
		panic(&MisuseError{"Concurrency", fmt.Sprint(n), "give a positive number"})
	}
	return serveOption(func(o *serveOptions) { o.concurrency = n })
}

// Drain sets how long [Serve] lets jobs go on after its ctx has ended. The
// default is until they end. Jobs that are left after that time are cancelled,
// with [ErrDrained] as the cause. Drain panics with a [*MisuseError] if d is
// not positive.
func Drain(d time.Duration) ServeOption {
	if d <= 0 {
		panic(&MisuseError{"Drain", d.String(), "give a positive time"})
	}
	return serveOption(func(o *serveOptions) { o.drain = d })
}
