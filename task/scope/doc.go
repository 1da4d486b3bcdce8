// Package scope has scopes without a body: tasks are started in a Scope from
// anywhere and at any time, as long as the Group, the Run or the task that it
// was made in lasts.
//
//	type Server struct{ background *scope.Scope }
//
//	func New(ctx context.Context) *Server {
//		return &Server{background: scope.New(ctx)}
//	}
//
//	func (s *Server) Register(user string) {
//		scope.Go(s.background, func(ctx context.Context) (int, error) { return 0, mail(ctx, user) })
//	}
//
// A handler that calls Register returns while the mail is still on its way. It
// is not lost: the server's own scope, where ctx comes from, does not end before
// it has been sent, and cancels it if it is cancelled itself.
//
// [Go] starts a task, [Scope.Wait] waits for all there are, and [Scope.Cancel]
// cancels them.
//
// # Failures
//
// The failure of a task is a matter between it and those who await it. It
// cancels nothing, is not counted by the [task.Group] around, and is not kept
// when the task has ended: a Scope may last as long as the program. So it is a
// supervisor in the sense of Kotlin's supervisorScope. A failure that nobody
// awaited is reported as that of any other task, see [task.Unobserved]; or each
// one is told to [OnFailure], at once.
//
// # Which one
//
//	a function that starts tasks and needs them ended when it returns     task.Group
//	the same, without being aborted by the first failure                  task.Group, task.FailFast(false)
//	tasks that outlive the function that starts them                      scope.Scope
//	the same, with results taken as they come                             joinset.Set
//
// # Variables and ctx
//
// A task begins with a copy of the variables of whoever calls Go, as any task
// does; package ctxvar's Detach starts one without. Its ctx does not descend
// from the caller's, but from that which the Scope was made with: the end of a
// request, say, does not cancel what it left behind.
//
// # Limits
//
// The tasks are those of the Group that the Scope was made in. So if that has a
// task.Limit, it counts them too.
package scope
