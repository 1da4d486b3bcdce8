package pipe

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// A conn is one end of a connection. Reads, writes and deadlines are those of the
// runtime's poller, so goroutines that wait for it occupy no thread.
type conn struct {
	file *os.File
	name Addr
}

// newConn takes over a handle for overlapped operations.
func newConn(h syscall.Handle, name Addr) (net.Conn, error) {
	c := &conn{file: os.NewFile(uintptr(h), string(name)), name: name}
	// os.NewFile does not say whether the poller has taken the handle. If it has not,
	// no deadline would end a read, which net/http relies on.
	if err := c.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.file.Read(b)
	return n, c.failed("read", err)
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.file.Write(b)
	return n, c.failed("write", err)
}

func (c *conn) Close() error                      { return c.failed("close", c.file.Close()) }
func (c *conn) SetDeadline(t time.Time) error     { return c.failed("set", c.file.SetDeadline(t)) }
func (c *conn) SetReadDeadline(t time.Time) error { return c.failed("set", c.file.SetReadDeadline(t)) }
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.failed("set", c.file.SetWriteDeadline(t))
}
func (c *conn) LocalAddr() net.Addr  { return c.name }
func (c *conn) RemoteAddr() net.Addr { return c.name }

// failed returns the errors of a file as those of a connection: callers look for
// net.Error and net.ErrClosed.
func (c *conn) failed(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if at := new(fs.PathError); errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, os.ErrClosed) {
		err = net.ErrClosed
	}
	return c.name.failed(op, err)
}
