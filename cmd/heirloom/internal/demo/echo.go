package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var clientAddr = ctxvar.New[net.Addr]("client_addr")

func reply(line string) string { return fmt.Sprintf("%v says %s\n", clientAddr.Get(), line) }

func goodbye() string { return fmt.Sprintf("Good bye, client @ %v\n", clientAddr.Get()) }

// talk answers one client until it has no more to say.
func talk(conn net.Conn) task.Func[struct{}] {
	return func(context.Context) (none struct{}, err error) {
		defer conn.Close()
		defer clientAddr.Set(conn.RemoteAddr()).Reset()
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			if _, err := io.WriteString(conn, reply(lines.Text())); err != nil {
				return none, err
			}
		}
		if err := lines.Err(); err != nil {
			return none, err
		}
		_, err = io.WriteString(conn, goodbye())
		return none, err
	}
}

// serve starts a task for each client, until the listener is closed.
func serve(listener net.Listener) task.Func[struct{}] {
	return func(ctx context.Context) (none struct{}, err error) {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return none, nil
			}
			if err != nil {
				return none, err
			}
			task.Go(ctx, talk(conn))
		}
	}
}

// client says one line and returns all that the server answered.
func client(addr net.Addr, name string) task.Func[string] {
	return func(ctx context.Context) (string, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, addr.Network(), addr.String())
		if err != nil {
			return "", err
		}
		defer conn.Close()
		fmt.Fprintf(conn, "hello from %s\n", name)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			return "", err
		}
		answer, err := io.ReadAll(conn)
		return string(answer), err
	}
}

func echo(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return task.Group(ctx, func(ctx context.Context) error {
		task.Go(ctx, serve(listener))
		defer listener.Close()

		addr := listener.Addr()
		answers, err := gather.All(ctx, client(addr, "client1"), client(addr, "client2"), client(addr, "client3"))
		for _, answer := range answers {
			fmt.Fprint(stdout, answer)
		}
		return err
	})
}
