package joinset

import (
	"context"
	"iter"
	"sync"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// A Set is a set of tasks whose results are taken as they come. [New] makes
// one. It mirrors Tokio's JoinSet.
//
// Any number of goroutines, including the tasks of the set, may call its
// methods at the same time.
type Set[T any] struct {
	scope *scope.Scope

	mu     sync.Mutex
	open   int                 // tasks that were started and not given to a loop
	ended  []*task.Task[T]     // the tasks that have ended and were not given; the oldest first
	stuck  map[task.Handle]int // the tasks of the set that wait for the next one, each with the number of its waits
	change chan struct{}       // closed at the next change of the above; nil if nobody waits for it
}

// New returns a Set in the [task.Group], the [task.Run] or the task that ctx
// comes from. The set is also a [scope.Scope], and takes the options of one.
// New panics if ctx is nil.
func New[T any](ctx context.Context, opts ...scope.Option) *Set[T] {
	s := &Set[T]{stuck: make(map[task.Handle]int)}
	s.scope = scope.New(ctx, append([]scope.Option{
		scope.OnEnd(func(t task.Handle) { s.end(t.(*task.Task[T])) }),
	}, opts...)...)
	return s
}

// Go starts fn as a task of the set and returns its handle at once, as
// [task.Go] does. If the scope around the set accepts no more tasks, fn is not
// run, and the result says so. It mirrors JoinSet::spawn.
//
// Go panics with [task.ErrNilFunc] if fn is nil.
func (s *Set[T]) Go(fn task.Func[T], opts ...task.Option) *task.Task[T] {
	if fn == nil {
		panic(task.ErrNilFunc)
	}
	s.mu.Lock()
	s.open++ // before it can end
	s.mu.Unlock()
	started := false
	defer func() {
		if !started { // an option is nil, for example
			s.mu.Lock()
			s.open--
			s.changed()
			s.mu.Unlock()
		}
	}()
	t := scope.Go(s.scope, fn, opts...)
	started = true
	return t
}

// end is called when t has ended.
func (s *Set[T]) end(t *task.Task[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, t)
	s.changed()
}

// changed wakes the goroutines that wait for a change; s.mu is locked.
func (s *Set[T]) changed() {
	if s.change != nil {
		close(s.change)
		s.change = nil
	}
}

// Len returns the number of tasks that no loop has taken, both running and
// ended. It mirrors JoinSet::len.
func (s *Set[T]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Cancel cancels the running tasks, with cause as [context.Cause], and does not
// wait for them. They end, and are yielded as results. Tasks of the set that
// are started afterwards are not affected. It mirrors JoinSet::abort_all;
// Cancel followed by a loop over the remaining results is JoinSet::shutdown.
func (s *Set[T]) Cancel(cause error) { s.scope.Cancel(cause) }

// Results iterates over the results of the tasks as they end, until there are
// none left. A result is what [task.Task.Await] returns for the task. It
// mirrors JoinSet::join_next.
//
//	for v, err := range set.Results(ctx) {
//
// The body of the loop may start more tasks. If ctx ends while there is no
// result to take, the loop yields a last error, without a task: a [*task.Error]
// that wraps ctx's error and cause. The tasks are not affected, and a later
// loop gets their results. In the same way it yields [task.ErrDeadlock] if all
// remaining tasks wait for the task with the loop.
//
// A loop in a task of the set, or in a goroutine that such a task started, does
// not wait for that task itself: it ends when the only remaining tasks are
// those that wait in such loops.
func (s *Set[T]) Results(ctx context.Context) iter.Seq2[T, error] {
	if ctx == nil {
		panic(task.ErrNilContext) // here and not in the loop
	}
	return func(yield func(T, error) bool) {
		for t, err := range s.Tasks(ctx) {
			var v T
			if t != nil {
				v, err = t.Result()
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Tasks is like [Set.Results] but yields the tasks, to show which one has
// ended, and their errors. If the loop itself fails, the task in its last step
// is nil. It mirrors JoinSet::join_next_with_id.
func (s *Set[T]) Tasks(ctx context.Context) iter.Seq2[*task.Task[T], error] {
	if ctx == nil {
		panic(task.ErrNilContext) // here and not in the loop
	}
	return func(yield func(*task.Task[T], error) bool) {
		for {
			t, err := s.next(ctx)
			switch {
			case err != nil:
				yield(nil, err)
				return
			case t == nil:
				return
			}
			if !yield(t, t.Err()) {
				return
			}
		}
	}
}

// next waits for the next task to end and takes it. It returns nil if there is
// none left, and an error if ctx ends first. If a task has ended as well, it
// takes that task.
func (s *Set[T]) next(ctx context.Context) (*task.Task[T], error) {
	for {
		// With no lock held: ctx may be of a type of the user's.
		ended := ctx.Err() != nil
		if t, over, err := s.step(ctx, ended); over {
			return t, err
		}
	}
}

// step takes a task that has ended, if there is one, and waits for a change
// otherwise. It reports whether next is over, with the results of that.
func (s *Set[T]) step(ctx context.Context, ended bool) (t *task.Task[T], over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.ended) > 0:
		t := s.ended[0]
		s.ended[0] = nil // so that the array does not keep it alive
		s.ended = s.ended[1:]
		s.open--
		s.changed()
		return t, true, nil
	case s.open == 0:
		return nil, true, nil
	}
	me := s.member()
	if me != nil && s.others(me) == s.open-1 && !ended {
		// All tasks that could end wait here. This loop ends; when its task
		// has ended, the others have a task to take. If the task has more loops, it
		// may wait for them, so they look again, and end too.
		if s.stuck[me] > 0 {
			s.changed()
		}
		return nil, true, nil
	}
	if err := s.wait(ctx, me); err != nil && len(s.ended) == 0 && s.open > 0 {
		return nil, true, err
	}
	return nil, false, nil
}

// member returns the running task if it is one of the set, and otherwise nil.
func (s *Set[T]) member() task.Handle {
	if me := task.Current(); me != nil && s.scope.Has(me) {
		return me
	}
	return nil
}

// others returns how many tasks of the set other than me wait for the next one; s.mu is
// locked.
func (s *Set[T]) others(me task.Handle) int {
	if s.stuck[me] > 0 {
		return len(s.stuck) - 1
	}
	return len(s.stuck)
}

// wait waits for a change on behalf of the task me, or of no task of the set if
// me is nil. It returns an error if ctx ends, or if the wait would never end.
// s.mu must be locked; wait unlocks it while it waits.
func (s *Set[T]) wait(ctx context.Context, me task.Handle) error {
	if me != nil {
		s.stuck[me]++
		defer func() {
			if s.stuck[me]--; s.stuck[me] == 0 {
				delete(s.stuck, me)
			}
		}()
	}
	if s.change == nil {
		s.change = make(chan struct{})
	}
	change := s.change
	s.mu.Unlock()
	defer s.mu.Lock()
	return s.scope.Members().Until(ctx, change)
}
