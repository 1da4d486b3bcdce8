// Package task runs functions as tasks: goroutines that can be waited for,
// cancelled and looked at, each with variables of its own. It gives Go what
// asyncio's tasks and task groups give Python.
package task
