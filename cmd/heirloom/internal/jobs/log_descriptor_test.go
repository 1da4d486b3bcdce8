//go:build unix

package jobs_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// redirect makes a standard stream a file of that text, to which others write too.
func redirect(t *testing.T, stream **os.File, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "redirected")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	old := *stream
	*stream = f
	t.Cleanup(func() {
		*stream = old
		require.NoError(t, f.Close(), "the log does not close what others write to")
	})
	return path
}

// What a descriptor writes to is neither replaced nor written over, be it a file.
func TestALogOnADescriptor(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/dev/stderr", link))
	second := filepath.Join(filepath.Dir(link), "second")
	require.NoError(t, os.Symlink("link", second))
	for path, stream := range map[string]**os.File{
		"-": &os.Stdout, "/dev/stdout": &os.Stdout, "/dev/stderr": &os.Stderr, "/dev/fd/1": &os.Stdout, "/proc/self/fd/2": &os.Stderr, link: &os.Stderr, second: &os.Stderr,
	} {
		t.Run(path, func(t *testing.T) {
			file := redirect(t, stream, "precious\n")
			log, err := jobs.CreateLog(path)
			require.NoError(t, err)
			_, err = log.Run()
			require.NoError(t, err)
			require.NoError(t, log.Close())
			fmt.Fprintln(*stream, "more")
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Regexp(t, `^precious\n\{"run":"[A-Z2-7]+"\}\nmore\n$`, string(text))

			_, err = jobs.ResumeLog(path)
			require.ErrorContains(t, err, "only a file can be resumed from")
		})
	}
}

func TestALogOnAnInheritedDescriptor(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	name := func(f *os.File) string { return fmt.Sprintf("/dev/fd/%d", f.Fd()) }
	_, err = jobs.CreateLog(name(w))
	require.ErrorContains(t, err, "no such descriptor", "it is this program's own")
	_, err = jobs.CreateLog("/dev/fd/1048575")
	require.ErrorContains(t, err, "no such descriptor")

	fd, err := unix.Dup(int(w.Fd())) // is not closed on exec, as those that a program is started with
	require.NoError(t, err)
	log, err := jobs.CreateLog(fmt.Sprintf("/dev/fd/%d", fd))
	require.NoError(t, err)
	_, err = log.Run()
	require.NoError(t, err)
	require.NoError(t, log.Close())
	require.NoError(t, w.Close())
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Contains(t, string(text), `{"run":`)

	fd, err = unix.Dup(int(r.Fd()))
	require.NoError(t, err)
	defer unix.Close(fd)
	_, err = jobs.CreateLog(fmt.Sprintf("/dev/fd/%d", fd))
	require.ErrorContains(t, err, "not open for writing")
}

func TestALogThroughWriters(t *testing.T) {
	redirect(t, &os.Stdout, "")
	file := redirect(t, &os.Stderr, "")
	log, err := jobs.CreateLog("/dev/stderr")
	require.NoError(t, err)
	log.Through(io.Discard, io.Discard)
	_, err = log.Run()
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Empty(t, text)
	(*jobs.Log)(nil).Through(io.Discard, io.Discard)
}

// The next line may never come.
func TestTheReaderOfALogGoesAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	read := make(chan error, 1)
	go func() {
		f, err := os.Open(path)
		if err == nil {
			_, err = f.Read(make([]byte, 1))
			f.Close()
		}
		read <- err
	}()
	log, err := jobs.CreateLog(path)
	require.NoError(t, err)
	defer log.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := jobs.Options{Limit: 2, Shell: posixShell(t), Log: log, Output: jobs.Whole(io.Discard, io.Discard, false)}
	_, err = jobs.RunStream(ctx, jobs.Commands([]string{"true", "sleep 1000"}), o)
	require.ErrorContains(t, err, "job log: write "+path)
	require.ErrorIs(t, err, unix.EPIPE)
	require.NoError(t, ctx.Err())
	require.NoError(t, <-read)
}

// Output would be written over the lines of the log.
func TestALogIsNotWhereOutputGoes(t *testing.T) {
	for name, stream := range map[string]**os.File{"output": &os.Stdout, "error": &os.Stderr} {
		path := redirect(t, stream, "")
		for _, open := range []func(string) (*jobs.Log, error){jobs.CreateLog, jobs.ResumeLog} {
			_, err := open(path)
			require.EqualError(t, err, path+": standard "+name+" goes to the same file")
		}
	}
}

// To open or read a pipe may take for ever.
func TestOnlyAFileCanBeResumedFrom(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, "/dev/zero", t.TempDir()} {
		_, err := jobs.ResumeLog(path)
		require.ErrorContains(t, err, path+": only a file can be resumed from")
	}
	log, err := jobs.ResumeLog(os.DevNull)
	require.NoError(t, err, "it reads as an empty log")
	require.NoError(t, log.Close())
}
