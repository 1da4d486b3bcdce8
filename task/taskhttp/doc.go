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
//	/debug/tasks?stack=12     where task 12 is: a task.Stack, as text or JSON
//
// The page has the tree, ten thousand tasks of it too, with name, state, age,
// deadline, what each task waits for, and variables; those that wait for each
// other; a search, an order and a subtree; who waits for whom, as links and as a
// graph; a task's stack; plots of the last minutes, and how long tasks took; and
// those that have ended.
//
// # Queries
//
// All forms but the stack take the same query:
//
//	match=WORDS   rows that have all of the words in the name, #ID, function, state,
//	              site, variable=value, or what they wait for, in any case, and
//	              deadlock finds those that wait for each other; with them, in a
//	              tree, come the rows that they are in
//	root=ID       the task or group with that ID, and all in it
//	sort=KEY      tree, id, name, state, age, deadline or waiting; -KEY is the
//	              reverse. All but tree are lists of what matches
//	max=N         so many rows at most; 2,000 is the default
//	offset=N      without the first N rows
//	graph=ID      with the Graph of who waits for whom around that task or group
//	plots=1       with Rates and Durations
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
// it: on a loopback address, or behind the program's own authentication, as any
// other handler:
//
//	mux.Handle("/debug/tasks", onlyAdmins(view))
//	mux.Handle("/debug/tasks/", onlyAdmins(view))
//
// The page sends the cookies or the HTTP authentication that it was opened with.
// Values of variables are shown only for those chosen with [Variables].
//
// What a browser sends on behalf of another site's page is refused, with status
// 403; but a link may open the page, which has nothing of the program in itself.
// Over a loopback connection, so is a Host that is neither localhost nor a loopback
// address, nor one of [Hosts]: the name of another site may be made to lead there.
//
// # What it costs, and what a client can do
//
// While nobody looks, a task that ends costs one record in a ring of fixed
// length. Pictures are taken at most once per [Interval], however many look, and
// are limited to [MaxTasks]. Rates and durations are counted only while a page is
// open that shows them, and for a minute after. A stack stops the program for some
// milliseconds for each thousand goroutines, once a second at most.
//
// A client that reads slowly misses pictures, and is cut off when it has taken
// nothing for ten seconds. Connections that follow the events are limited in
// number, and no machine holds all of them against another. What comes from the
// program is never put into the page as markup.
package taskhttp
