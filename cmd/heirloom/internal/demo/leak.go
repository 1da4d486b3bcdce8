package demo

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var (
	globalUser  atomic.Value // safe for concurrent use, and wrong all the same
	contextUser = ctxvar.New("user", ctxvar.Default("nobody"))
)

// answer serves three requests at once. Each stores its user's name, waits until all
// three have done so, and reads its own name back.
func answer(ctx context.Context, kind string, set func(string), get func() string) error {
	names := []string{"alice", "bob", "carol"}
	stored := make([]chan struct{}, len(names)) // closed in turn, so that carol is always the last
	for i := range stored {
		stored[i] = make(chan struct{})
	}
	request := func(i int) task.Func[struct{}] {
		return func(context.Context) (struct{}, error) {
			if i > 0 {
				<-stored[i-1]
			}
			set(names[i])
			close(stored[i])
			<-stored[len(stored)-1]
			fmt.Fprintf(stdout, "%s: the request of %s sees %s\n", kind, names[i], get())
			return struct{}{}, nil
		}
	}
	_, err := gather.All(ctx, request(0), request(1), request(2))
	return err
}

func leak(ctx context.Context) error {
	setGlobal := func(name string) { globalUser.Store(name) }
	getGlobal := func() string { return globalUser.Load().(string) }
	if err := answer(ctx, "Global", setGlobal, getGlobal); err != nil {
		return err
	}
	setVar := func(name string) { contextUser.Set(name) }
	return answer(ctx, "Var", setVar, contextUser.Get)
}
