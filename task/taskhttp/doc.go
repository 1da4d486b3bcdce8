// Package taskhttp shows the live tasks of a running program over HTTP: as text,
// as JSON, and as a page that keeps itself up to date. It is to package task
// what net/http/pprof is to the profiler, but nothing is served until the
// program mounts it:
//
//	mux.Handle("/debug/tasks", taskhttp.New())
//	mux.Handle("/debug/tasks/", taskhttp.New())
//
// or, in one line that serves both, taskhttp.Mount(mux). Below the place it is
// mounted at, there are:
//
//	/debug/tasks              the page for browsers, the text tree for others
//	/debug/tasks?format=text  the text tree of task.WriteTree
//	/debug/tasks?format=json  a View
//	/debug/tasks/events       a View each second, as server-sent events
//
// The page has the tree with name, state, age, what each task waits for, and
// variables; a filter; a pause button; and a timeline of tasks that have ended.
//
// # On the same machine
//
// A program that serves no HTTP, or not where one who looks can reach it, can be
// looked into by its process id:
//
//	local, err := taskhttp.New().ListenLocal()
//
// and then heirloom ps lists it, and heirloom ps PID and heirloom top PID show its
// tasks. Only the user who runs it, and root, can.
//
// # Who may look
//
// Names of tasks, and errors of those that failed, tell much about a program. As
// with net/http/pprof, mount the handler where only those who may look can reach
// it, on a loopback address or behind the program's own authorization. Values of
// variables are shown only for those chosen with [Variables].
//
// # What it costs, and what a client can do
//
// While nobody looks, a task that ends costs one record in a ring of fixed
// length. Pictures are taken at most once per [Interval], however many look, and
// are limited to [MaxTasks]. A client that reads slowly misses pictures, and is
// cut off when it has taken nothing for ten seconds. Connections that follow the
// events are limited in number. What comes from the program is never put into
// the page as markup.
package taskhttp
