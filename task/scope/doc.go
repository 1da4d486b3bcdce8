// Package scope provides scopes without a body. Tasks can be started in a Scope
// from anywhere and at any time, as long as the Group, the Run or the task in
// which the Scope was made lasts.
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
// A handler that calls Register returns while the mail is still being sent. The
// mail is not lost: the server's own scope, where ctx comes from, does not end
// before the task has, and cancels it if the scope itself is cancelled.
//
// [Go] starts a task, [Scope.Wait] waits for all tasks, and [Scope.Cancel]
// cancels them.
//
// # Failures
//
// A task's failure concerns only the task and the callers that await it. It does not
// cancel other tasks, is not counted by the surrounding [task.Group], and is
// not kept after the end of the task, because a Scope may last as long as the
// program. So a Scope is a supervisor in the sense of Kotlin's supervisorScope.
// A failure that nobody awaited is reported like that of any other task (see
// [task.Unobserved]), unless there is an [OnFailure], which is called with each
// failure at once.
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
// A task begins with a copy of the variables of the goroutine that calls Go,
// like any task; package ctxvar's Detach starts one without. Its ctx descends
// from the one with which the Scope was made, not from the caller's: the end of
// a request, for example, does not cancel what the request started.
//
// # Limits
//
// The tasks belong to the Group in which the Scope was made. So if that has a
// task.Limit, they count towards it.
package scope
