// Package shared runs one task for all callers that ask for the same thing at
// the same time, and gives its result to each of them.
//
//	users := shared.New(ctx, func(ctx context.Context, id int) (*User, error) {
//		return db.LoadUser(ctx, id)
//	})
//
//	u, err := users.Do(r.Context(), 42) // in any number of requests
//
// It is like golang.org/x/sync/singleflight, with structure. There, the first
// caller runs the function, in its own goroutine, with its own ctx and its own
// variables, and the others wait for it. When that caller's request is
// cancelled, all callers fail with its cancellation, and the function logs and
// authorises in the name of that one request. Here:
//
//   - The function runs in a task of its own. The first caller is a caller like
//     any other.
//   - Each caller waits until its own ctx ends, and no longer.
//   - When the last caller has gone, the task is cancelled, with [ErrAbandoned]
//     as the cause. Later callers get a new task, and never the result of a
//     cancelled one.
//   - A panic, or a Goexit, is an error that each caller gets. It neither ends
//     the program nor leaves the others waiting.
//   - When a task ends, its key becomes free. Nothing is cached.
//   - The tasks belong to the scope that ctx comes from, which ends after them.
//
// # Variables and ctx
//
// The function sees the variables of package ctxvar as they were when [New] was
// called, and a ctx that descends from the one given to New. It cannot run in
// the name of a caller, because there may be many. Everything it needs to know
// must be in the key.
//
// # Waiting for oneself
//
// A function that asks for its own key waits for itself, and gets
// [task.ErrDeadlock].
//
// # In the tree
//
// Each task is named after its key, as fmt.Sprint prints it.
package shared
