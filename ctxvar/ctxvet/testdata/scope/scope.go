package scope

import (
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"

	"example.com/testdata/scopewrap"
)

// At package level, by whatever way.
var (
	plain    = ctxvar.New("plain", ctxvar.Default(1))
	wrapped  = scopewrap.New("wrapped")
	invoked  = func() *ctxvar.Var[int] { return ctxvar.New[int]("invoked") }()
	table    = map[string]*ctxvar.Var[int]{"a": ctxvar.New[int]("a")}
	lazy     = sync.OnceValue(func() *ctxvar.Var[int] { return ctxvar.New[int]("lazy") })
	assigned *ctxvar.Var[int]
	once     sync.Once
)

func init() {
	assigned = ctxvar.New[int]("assigned")
	for _, name := range []string{"b", "c"} {
		table[name] = ctxvar.New[int](name)
	}
}

func setUp() {
	once.Do(func() { assigned = ctxvar.New[int]("assigned") })
}

func handler() int {
	v := ctxvar.New[int]("local") // want `New in a function makes a new variable with each call, which no other code can read: declare it at package level`
	defer v.Set(1).Reset()
	assigned = ctxvar.New[int]("again") // want `ctxvar.New in a function`
	func() {
		ctxvar.New[int]("nested") // want `ctxvar.New in a function`
	}()
	lazy := sync.OnceValue(func() *ctxvar.Var[int] { return ctxvar.New[int]("lazy") })
	return v.Get() + lazy().Get()
}

type server struct{ v *ctxvar.Var[int] }

func newServer() *server {
	return &server{v: ctxvar.New[int]("a server's")} // want `ctxvar.New in a function`
}

var handle = func() {
	ctxvar.New[int]("in a literal") // want `ctxvar.New in a function`
}

// A wrapper is judged where it is called.

func late(name string) *ctxvar.Var[int] { // want late:"makes a variable"
	v := early[int](name)
	return (v)
}

func early[T any](name string) (v *ctxvar.Var[T]) { // want early:"makes a variable"
	if name == "" {
		v = ctxvar.New[T]("nameless")
		return
	}
	return ctxvar.New[T](name)
}

func pair() (*ctxvar.Var[string], error) { // want pair:"makes a variable"
	return scopewrap.Maker{}.Var("pair")
}

var fromWrapper = late("from_wrapper")

func calls() {
	late("x")                        // want `late in a function makes a new variable`
	early[string]("x")               // want `early in a function`
	scopewrap.New("x")               // want `scopewrap.New in a function`
	_, _ = scopewrap.Maker{}.Var("") // want `scopewrap.Var in a function`
	_, _ = pair()                    // want `pair in a function`
	scopewrap.Shared()
}

// A function that returns variables, but not always new ones, is let be.

var byName sync.Map

func get(name string) *ctxvar.Var[int] {
	if v, ok := byName.Load(name); ok {
		return v.(*ctxvar.Var[int])
	}
	v := ctxvar.New[int](name)
	byName.Store(name, v)
	return v
}

func either(name string, v *ctxvar.Var[int]) *ctxvar.Var[int] {
	if v == nil {
		v = ctxvar.New[int](name)
	}
	return v
}

func callsGet() { get("x"); either("x", nil) }

// Other things of ctxvar's may be made anywhere.
func others() (*ctxvar.Context, int) {
	return ctxvar.Copy(), plain.Get() + len(wrapped.Get()) + invoked.Get() + fromWrapper.Get()
}
