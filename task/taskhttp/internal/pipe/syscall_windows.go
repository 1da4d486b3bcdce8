package pipe

import "syscall"

// What package syscall lacks.

var (
	kernel32                    = syscall.NewLazyDLL("kernel32.dll")
	createEvent                 = kernel32.NewProc("CreateEventW")
	createNamedPipe             = kernel32.NewProc("CreateNamedPipeW")
	connectNamedPipe            = kernel32.NewProc("ConnectNamedPipe")
	getNamedPipeServerProcessID = kernel32.NewProc("GetNamedPipeServerProcessId")
	getOverlappedResult         = kernel32.NewProc("GetOverlappedResult")
	waitNamedPipe               = kernel32.NewProc("WaitNamedPipeW")

	advapi32                        = syscall.NewLazyDLL("advapi32.dll")
	convertStringSecurityDescriptor = advapi32.NewProc("ConvertStringSecurityDescriptorToSecurityDescriptorW")
	getSecurityInfo                 = advapi32.NewProc("GetSecurityInfo")
)

const (
	pipeAccessDuplex          = 3
	pipeRejectRemoteClients   = 8 // and a pipe of bytes, not of messages, which is 0
	pipeUnlimitedInstances    = 255
	fileFlagFirstPipeInstance = 0x00080000
	fileFlagOverlapped        = syscall.FILE_FLAG_OVERLAPPED

	securitySQOSPresent = 0x00100000
	securityAnonymous   = 0

	errorSemTimeout    = syscall.Errno(121)
	errorPipeBusy      = syscall.Errno(231)
	errorNoData        = syscall.Errno(232)
	errorPipeConnected = syscall.Errno(535)
)
