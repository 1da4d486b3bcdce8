package pipe

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// An instance is the server's end of the pipe for one client, that it waits for.
type instance struct {
	handle syscall.Handle
	// The system writes to the following while the instance waits.
	overlapped syscall.Overlapped
	waits      bool  // whether it began to
	gone       error // if it did not: what there is to say of the client
}

const bufferSize = 64 << 10 // in each direction

// newInstance makes an instance that waits for a client from now on.
func newInstance(name Addr, flags uintptr, s *security) (*instance, error) {
	path, err := syscall.UTF16PtrFromString(string(name))
	if err != nil {
		return nil, err
	}
	handle, _, err := createNamedPipe.Call(uintptr(unsafe.Pointer(path)),
		pipeAccessDuplex|fileFlagOverlapped|flags, pipeRejectRemoteClients, pipeUnlimitedInstances,
		bufferSize, bufferSize, 0, uintptr(unsafe.Pointer(&s.attributes)))
	if syscall.Handle(handle) == syscall.InvalidHandle {
		return nil, os.NewSyscallError("CreateNamedPipe", err)
	}
	in := &instance{handle: syscall.Handle(handle)}
	event, _, err := createEvent.Call(0, 1, 0, 0)
	if event == 0 {
		return nil, errors.Join(os.NewSyscallError("CreateEvent", err), syscall.CloseHandle(in.handle))
	}
	in.overlapped.HEvent = syscall.Handle(event)
	ok, _, err := connectNamedPipe.Call(handle, uintptr(unsafe.Pointer(&in.overlapped)))
	switch {
	case ok != 0 || err == errorPipeConnected: // one was quicker
	case err == syscall.ERROR_IO_PENDING:
		in.waits = true
	case err == errorNoData: // and has gone again
		in.gone = err
	default:
		in.close()
		return nil, os.NewSyscallError("ConnectNamedPipe", err)
	}
	return in, nil
}

// wait returns once a client is connected, or with an error if it has gone again or
// the waiting is cancelled.
func (in *instance) wait() error {
	if !in.waits {
		return in.gone
	}
	in.waits = false
	var n uint32
	const wait = 1
	ok, _, err := getOverlappedResult.Call(uintptr(in.handle), uintptr(unsafe.Pointer(&in.overlapped)), uintptr(unsafe.Pointer(&n)), wait)
	if ok != 0 {
		return nil
	}
	return err
}

// cancel ends the waiting, of another goroutine too. An error would say that there is
// none.
func (in *instance) cancel() { _ = syscall.CancelIoEx(in.handle, &in.overlapped) }

// close frees what take does not return, once the system no longer writes to it.
func (in *instance) close() {
	if in.waits {
		in.cancel()
		_ = in.wait()
	}
	_ = syscall.CloseHandle(in.take())
}

// take returns the connection to the client, which is the caller's.
func (in *instance) take() syscall.Handle {
	_ = syscall.CloseHandle(in.overlapped.HEvent)
	return in.handle
}
