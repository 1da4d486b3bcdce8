// Package pipe listens on named pipes of Windows, and connects to them, for the
// user of this process alone. On other systems it is empty.
//
// The namespace of pipes is the machine's: any user can create a pipe with any
// name, and by default pipes can be opened from other machines. So neither side
// trusts a name. The listener's pipe is one that nobody else has or can add an
// instance to, that only its user can open, and only on this machine. The client
// sends nothing before it has checked which process serves the pipe and whose
// the pipe is, and lets that process do nothing in the client's name.
package pipe
