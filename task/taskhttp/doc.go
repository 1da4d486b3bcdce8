// Package taskhttp shows the live tasks of a running program over HTTP: as
// text, as JSON, and as a page that updates itself. It is for package task what
// net/http/pprof is for the profiler, but serves nothing until the program
// mounts it:
//
//	view := taskhttp.New()
//	mux.Handle("/debug/tasks", view)
//	mux.Handle("/debug/tasks/", view)
//
// or, in one line that serves both, taskhttp.Mount(mux). Below the place where
// it is mounted, there are:
//
//	/debug/tasks              the page for browsers, the text tree for others
//	/debug/tasks?format=text  the text tree of task.WriteTree
//	/debug/tasks?format=json  a View
//	/debug/tasks/events       a View each second, as server-sent events
//	/debug/tasks?stack=12     the stack of task 12; with format=json a task.Stack
//
// The page shows the tree, even with ten thousand tasks, with name, state, age,
// deadline, what each task waits for, and variables. It shows tasks that wait
// for each other, tasks that have ended, a task's stack, and what a task waits
// for, as links and as a graph. It can search, sort, and show a subtree. It has
// plots of the last minutes and of how long tasks took.
//
// # Queries
//
// All forms except the stack accept the same query:
//
//	match=WORDS   rows that have each of the words, in upper or lower case, in the
//	              name, #ID, function, state, site, variable=value, or what they
//	              wait for, as they are or with escapes such as \x1b, as views show
//	              them. The word deadlock finds rows that wait for each other.
//	              In a tree, the rows around these are shown too
//	root=ID       the task or group with that ID, and everything in it
//	sort=KEY      tree, id, name, state, age, deadline or waiting; -KEY is the
//	              reverse. All but tree are lists of what matches
//	max=N         at most N rows; 2,000 is the default
//	offset=N      without the first N rows
//	graph=ID      with the Graph of who waits for whom around that task or group
//	plots=1       with Rates and Durations
//
// # On the same machine
//
// A program that serves no HTTP, or not at a reachable address, can be
// inspected by its process id:
//
//	local, err := taskhttp.New().ListenLocal()
//
// Then heirloom ps lists it, and heirloom ps PID and heirloom top PID show its
// tasks. Only the user who runs the program, and root, can do so.
//
// # Access
//
// Names of tasks, and errors of those that failed, reveal much about a program.
// As with net/http/pprof, mount the handler where only permitted users can
// reach it: on a loopback address, or behind the program's own authentication,
// like any other handler:
//
//	mux.Handle("/debug/tasks", onlyAdmins(view))
//	mux.Handle("/debug/tasks/", onlyAdmins(view))
//
// The page sends the cookies or the HTTP authentication that it was opened with.
// Values of variables are shown only for those chosen with [Variables].
//
// Requests that a browser sends on behalf of another site's page are refused,
// with status 403; but a link may open the page, which itself contains nothing
// of the program. Over a loopback connection, a request is also refused if its
// Host is neither localhost nor a loopback address, nor one of [Hosts], because
// the name of another site may be made to resolve there.
//
// # Costs and limits
//
// Without viewers, a task that ends costs one record in a ring of fixed length.
// Snapshots are taken at most once per [Interval], for any number of viewers,
// and are limited to [MaxTasks]. Rates and durations are counted only while an
// open page shows them, and for a minute after. Taking a stack stops the
// program for some milliseconds per thousand goroutines, at most once a second.
//
// A client that reads slowly misses snapshots, and is disconnected if it reads
// nothing for ten seconds. The number of connections that follow the events is
// limited, and one machine cannot hold all of them against another. Data from
// the program is never put into the page as markup.
package taskhttp
