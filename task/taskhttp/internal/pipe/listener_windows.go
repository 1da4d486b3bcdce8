package pipe

import (
	"net"
	"sync"
)

// Addr is the name of a pipe: \\.\pipe\ and what follows.
type Addr string

// Network returns "pipe".
func (Addr) Network() string { return "pipe" }

// String returns the name of the pipe.
func (a Addr) String() string { return string(a) }

// A listener has, from Listen to Close, an instance of the pipe that waits for a
// client. So the pipe's name is not free in between, and nobody else can take it.
type listener struct {
	name     Addr
	security *security

	accepting sync.Mutex // held while next is waited for, and by Close to free it
	mu        sync.Mutex // guards the following; it may be taken while accepting is held
	next      *instance  // nil once it could not be replaced, which is the end
	closed    bool
}

// Listen creates the pipe with this name. Only the user of this process can open
// it, and only on this machine. The error wraps [fs.ErrPermission] if there is a
// pipe with the name already, of any user. A goroutine in Accept occupies a thread.
func Listen(name string) (net.Listener, error) {
	l := &listener{name: Addr(name)}
	var err error
	if l.security, err = onlyThisUser(); err != nil {
		return nil, l.name.failed("listen", err)
	}
	if l.next, err = newInstance(l.name, fileFlagFirstPipeInstance, l.security); err != nil {
		l.security.free()
		return nil, l.name.failed("listen", err)
	}
	return l, nil
}

func (l *listener) Addr() net.Addr { return l.name }

// Accept returns the connection to the next client.
func (l *listener) Accept() (net.Conn, error) {
	l.accepting.Lock()
	defer l.accepting.Unlock()
	for {
		in, err := l.waiting()
		if err != nil {
			return nil, l.name.failed("accept", err)
		}
		gone := in.wait()
		// The next one is made first, so that there always is one.
		if err := l.replace(in); err != nil {
			in.close()
			return nil, l.name.failed("accept", err)
		}
		if gone != nil { // a client that did not stay
			in.close()
			continue
		}
		return newConn(in.take(), l.name)
	}
}

// waiting returns the instance that waits for a client. Without one the name may be
// somebody else's by now, and so may who can open the pipe; so there is no other.
func (l *listener) waiting() (*instance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.next == nil {
		return nil, net.ErrClosed
	}
	return l.next, nil
}

// replace has another instance wait in the place of one that has, which is then the
// caller's. After Close it fails, and Close leaves that one to the caller too.
func (l *listener) replace(in *instance) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = nil
	if l.closed {
		return net.ErrClosed
	}
	l.next, err = newInstance(l.name, 0, l.security)
	return err
}

// Close ends Accept. It does not close the connections that Accept has returned.
func (l *listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return l.name.failed("close", net.ErrClosed)
	}
	l.closed = true
	// Accept waits for no other instance than this, since closed is set under mu.
	if l.next != nil {
		l.next.cancel()
	}
	l.mu.Unlock()

	l.accepting.Lock() // Accept has returned, with next if it waited for that
	defer l.accepting.Unlock()
	if l.next != nil {
		l.next.close()
	}
	l.security.free()
	return nil
}

func (a Addr) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: a.Network(), Addr: a, Err: err}
}
