package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// serveEcho starts a task for each client, until ctx is done.
func serveEcho(ctx context.Context, listener net.Listener) task.Func[struct{}] {
	return func(work context.Context) (none struct{}, err error) {
		logger.Get().Info("echo service is up", "addr", listener.Addr().String())
		defer until(ctx, work, func() { _ = listener.Close() })()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return none, closed(err)
			}
			// A client must not end the others, so an error of talk is logged and not
			// returned.
			task.Go(work, func(work context.Context) (none struct{}, _ error) {
				defer clientAddr.Set(conn.RemoteAddr().String()).Reset()
				defer until(ctx, work, func() { hangUp(conn) })()
				defer func() { _ = conn.Close() }()
				if err := talk(conn); err != nil {
					logger.Get().Warn("client is gone", "error", err.Error())
				}
				return none, nil
			}, task.Name("echo "+conn.RemoteAddr().String()))
		}
	}
}

// hangUp makes reads from conn fail now, and writes at the end of the grace period.
func hangUp(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now())
	_ = conn.SetWriteDeadline(time.Now().Add(grace))
}

// talk answers one client until it has no more to say.
func talk(conn net.Conn) error {
	logger.Get().Info("client is here")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := io.WriteString(conn, reply(lines.Text())); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // set by hangUp
		return err
	}
	_, err := io.WriteString(conn, goodbye())
	return err
}

func reply(line string) string {
	logger.Get().Info("client said something", "bytes", len(line))
	return fmt.Sprintf("%s says %s\n", clientAddr.Get(), line)
}

func goodbye() string { return fmt.Sprintf("Good bye, client @ %s\n", clientAddr.Get()) }
