package pipe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// underWine is whether the system is Wine, which lacks some of what is tested.
var underWine = syscall.NewLazyDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil

// someName is a name that no other test has.
func someName(t *testing.T) string {
	return fmt.Sprintf(`\\.\pipe\heirloom-test-%d-%s`, os.Getpid(), t.Name())
}

// serve has each connection to a new listener served by f until the test ends.
func serve(t *testing.T, f func(net.Conn)) (name string) {
	t.Helper()
	name = someName(t)
	serveAs(t, name, f)
	return name
}

func serveAs(t *testing.T, name string, f func(net.Conn)) {
	t.Helper()
	l, err := Listen(name)
	require.NoError(t, err)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				assert.ErrorIs(t, err, net.ErrClosed)
				return
			}
			served.Go(func() {
				f(conn)
				assert.NoError(t, conn.Close())
			})
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		served.Wait()
	})
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func dial(t *testing.T, name string) net.Conn {
	t.Helper()
	conn, err := Dial(t.Context(), name, os.Getpid())
	require.NoError(t, err)
	return conn
}

func TestManyClients(t *testing.T) {
	name := serve(t, echo)
	var clients sync.WaitGroup
	for i := range 20 {
		clients.Go(func() {
			conn, err := Dial(t.Context(), name, os.Getpid())
			if !assert.NoError(t, err) {
				return
			}
			text := strconv.Itoa(i) + "\n"
			_, err = conn.Write([]byte(text))
			assert.NoError(t, err)
			answer, err := bufio.NewReader(conn).ReadString('\n')
			assert.NoError(t, err)
			assert.Equal(t, text, answer)
			assert.NoError(t, conn.Close())
		})
	}
	clients.Wait()
}

// More than fits into the system's buffers goes both ways at once.
func TestReadWhileWriting(t *testing.T) {
	conn := dial(t, serve(t, echo))
	text := make([]byte, 8*bufferSize)
	for i := range text {
		text[i] = byte(i / 7)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		n, err := conn.Write(text)
		assert.NoError(t, err)
		assert.Equal(t, len(text), n)
	})
	answer := make([]byte, len(text))
	_, err := io.ReadFull(conn, answer)
	require.NoError(t, err)
	assert.Equal(t, text, answer)
	writing.Wait()
	require.NoError(t, conn.Close())
	_, err = conn.Read(answer)
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, conn.Close(), net.ErrClosed)
}

func TestDeadlines(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	conn := dial(t, serve(t, func(conn net.Conn) {
		_, _ = conn.Write([]byte("x"))
		<-done
	}))
	defer func() { assert.NoError(t, conn.Close()) }()
	b := make([]byte, 16*bufferSize)
	_, err := conn.Read(b)
	require.NoError(t, err)

	timeout := func(err error) {
		t.Helper()
		var failed net.Error
		require.ErrorAs(t, err, &failed)
		assert.True(t, failed.Timeout())
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err = conn.Read(b)
	timeout(err)
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
	reading := make(chan error)
	go func() {
		_, err := conn.Read(b)
		reading <- err
	}()
	require.NoError(t, conn.SetReadDeadline(time.Unix(1, 0)), "of a read that may have begun")
	timeout(<-reading)

	require.NoError(t, conn.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
	_, err = conn.Write(b)
	timeout(err)
}

func TestCloseEndsRead(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	conn := dial(t, serve(t, func(net.Conn) { <-done }))
	reading := make(chan error)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		reading <- err
	}()
	require.NoError(t, conn.Close())
	require.ErrorIs(t, <-reading, net.ErrClosed)
}

func TestServerGone(t *testing.T) {
	conn := dial(t, serve(t, func(conn net.Conn) { _, _ = conn.Write([]byte("last words")) }))
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "last words", string(text), "are not lost")
	_, err = conn.Write([]byte("x"))
	require.Error(t, err)
	require.NoError(t, conn.Close())
}

func TestCloseListener(t *testing.T) {
	for _, accepting := range []int{0, 1, 3} {
		t.Run(strconv.Itoa(accepting), func(t *testing.T) {
			l, err := Listen(someName(t))
			require.NoError(t, err)
			ended := make(chan error)
			for range accepting {
				go func() {
					_, err := l.Accept()
					ended <- err
				}()
			}
			require.NoError(t, l.Close())
			for range accepting {
				require.ErrorIs(t, <-ended, net.ErrClosed)
			}
			_, err = l.Accept()
			require.ErrorIs(t, err, net.ErrClosed)
			require.ErrorIs(t, l.Close(), net.ErrClosed)
			_, err = Dial(t.Context(), l.Addr().String(), os.Getpid())
			require.ErrorIs(t, err, fs.ErrNotExist)
			l, err = Listen(l.Addr().String())
			require.NoError(t, err, "the name is free again")
			require.NoError(t, l.Close())
		})
	}
}

// A client that does not wait to be accepted does not end the listener.
func TestImpatientClient(t *testing.T) {
	l, err := Listen(someName(t))
	require.NoError(t, err)
	require.NoError(t, dial(t, l.Addr().String()).Close())
	accepted := make(chan error)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				accepted <- err
				return
			}
			text, err := io.ReadAll(conn)
			if err = errors.Join(err, conn.Close()); string(text) == "patient" {
				accepted <- err
				return
			}
		}
	}()
	patient := dial(t, l.Addr().String())
	_, err = patient.Write([]byte("patient"))
	require.NoError(t, err)
	require.NoError(t, patient.Close())
	require.NoError(t, <-accepted)
	require.NoError(t, l.Close())
}

func TestDialEndsWithItsContext(t *testing.T) {
	l, err := Listen(someName(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	conn := dial(t, l.Addr().String()) // nobody accepts, so that there is no other instance
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Dial(ctx, l.Addr().String(), os.Getpid())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, conn.Close())
}

// net/http ends a read of its own behind each request by a deadline in the past. If
// it did not know the error for a timeout, the ctx of the next request would be
// done.
func TestSecondRequest(t *testing.T) {
	l, err := Listen(someName(t))
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Context().Err())
	})}
	go func() { _ = server.Serve(l) }()
	defer func() { assert.NoError(t, server.Close()) }()
	dials := 0
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		dials++
		return Dial(ctx, l.Addr().String(), os.Getpid())
	}}
	defer transport.CloseIdleConnections()
	for range 3 {
		resp, err := (&http.Client{Transport: transport}).Get("http://localhost/")
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, "<nil>", string(text))
	}
	assert.Equal(t, 1, dials)
}

func TestNameIsTaken(t *testing.T) {
	if underWine {
		t.Skip("Wine 8.0 ignores FILE_FLAG_FIRST_PIPE_INSTANCE")
	}
	l, err := Listen(someName(t))
	require.NoError(t, err)
	_, err = Listen(l.Addr().String())
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NoError(t, l.Close())
}

// The pipe of a process that is not the one asked for is not used.
func TestStranger(t *testing.T) {
	const variable = "HEIRLOOM_TEST_PIPE"
	if name := os.Getenv(variable); name != "" {
		serveAs(t, name, echo)
		fmt.Println("listens")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	name := someName(t)
	squatter := exec.Command(os.Args[0], "-test.run=^TestStranger$")
	squatter.Env = append(os.Environ(), variable+"="+name)
	in, err := squatter.StdinPipe()
	require.NoError(t, err)
	out, err := squatter.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, squatter.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "listens")

	_, err = Dial(t.Context(), name, os.Getpid())
	require.ErrorIs(t, err, ErrStranger)
	conn, err := Dial(t.Context(), name, squatter.Process.Pid)
	require.NoError(t, err, "it is that process's own")
	require.NoError(t, conn.Close())
	require.NoError(t, in.Close())
	require.NoError(t, squatter.Wait())
}

func TestOnlyItsUserMayOpenIt(t *testing.T) {
	l, err := Listen(someName(t))
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close()) }()
	me, err := thisUser()
	require.NoError(t, err)

	const ownerAndAccess, kernelObject, revision = 1 | 4, 6, 1
	var descriptor uintptr
	code, _, _ := getSecurityInfo.Call(uintptr(l.(*listener).next.handle), kernelObject, ownerAndAccess, 0, 0, 0, 0, uintptr(unsafe.Pointer(&descriptor)))
	require.Zero(t, code)
	defer func() { _, _ = syscall.LocalFree(syscall.Handle(descriptor)) }()
	var words *uint16
	var n uint32
	ok, _, err := advapi32.NewProc("ConvertSecurityDescriptorToStringSecurityDescriptorW").Call(descriptor, revision, ownerAndAccess,
		uintptr(unsafe.Pointer(&words)), uintptr(unsafe.Pointer(&n)))
	require.NotZero(t, ok, err)
	assert.Equal(t, "O:"+me+"D:P(A;;FA;;;"+me+")", syscall.UTF16ToString(unsafe.Slice(words, n)))
}
