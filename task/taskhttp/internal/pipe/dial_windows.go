package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// ErrStranger is the error of [Dial] for a pipe of another process or user than is
// asked for.
var ErrStranger = errors.New("the pipe belongs to another process or user")

// Dial connects to the pipe with this name if the process pid has created it, as the
// user of this process. It waits for an instance of the pipe until ctx ends. The
// error wraps [fs.ErrNotExist] if there is no such pipe, and [fs.ErrPermission] if it
// is not for this user.
func Dial(ctx context.Context, name string, pid int) (net.Conn, error) {
	addr := Addr(name)
	h, err := open(ctx, name)
	if err != nil {
		return nil, addr.failed("dial", err)
	}
	if err := check(h, pid); err != nil {
		return nil, addr.failed("dial", errors.Join(err, syscall.CloseHandle(h)))
	}
	return newConn(h, addr)
}

func open(ctx context.Context, name string) (syscall.Handle, error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		// A server that is not the right one cannot even find out who this is.
		h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_EXISTING,
			fileFlagOverlapped|securitySQOSPresent|securityAnonymous, 0)
		if err == nil {
			return h, nil
		}
		if err != errorPipeBusy {
			return 0, os.NewSyscallError("CreateFile", err)
		}
		// The server makes another instance when it is scheduled next. The wait ends
		// before ctx does, so it is a short one.
		const slice = 20 // ms
		ok, _, err := waitNamedPipe.Call(uintptr(unsafe.Pointer(path)), slice)
		if ok == 0 && err != errorSemTimeout {
			return 0, os.NewSyscallError("WaitNamedPipe", err)
		}
	}
}

// check returns an error unless the other end of h is what Dial promises. The process
// id alone would not do: a pipe keeps that of its creator, which may have ended and
// left the pipe to others, while its id went to a new process. And nobody can make
// another user the owner of a pipe, but for those who can do anything.
func check(h syscall.Handle, pid int) error {
	var server uint32
	if ok, _, err := getNamedPipeServerProcessID.Call(uintptr(h), uintptr(unsafe.Pointer(&server))); ok == 0 {
		return os.NewSyscallError("GetNamedPipeServerProcessId", err)
	}
	if int64(server) != int64(pid) {
		return fmt.Errorf("%w: process %d", ErrStranger, server)
	}
	me, err := thisUser()
	if err != nil {
		return err
	}
	owner, err := ownerOf(h)
	if err != nil {
		return err
	}
	if owner != me {
		return fmt.Errorf("%w: user %s", ErrStranger, owner)
	}
	return nil
}
