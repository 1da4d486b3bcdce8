package pipe

import (
	"os"
	"syscall"
	"unsafe"
)

// A security is who may open a pipe, in memory of the system.
type security struct{ attributes syscall.SecurityAttributes }

// onlyThisUser lets the user of this process do everything, and nobody else anything.
// That user owns the pipe; without saying so, the group of the administrators does if
// the process is one of theirs.
func onlyThisUser() (*security, error) {
	user, err := thisUser()
	if err != nil {
		return nil, err
	}
	text, err := syscall.UTF16PtrFromString("O:" + user + "D:P(A;;FA;;;" + user + ")")
	if err != nil {
		return nil, err
	}
	s := new(security)
	s.attributes.Length = uint32(unsafe.Sizeof(s.attributes))
	const revision = 1
	if ok, _, err := convertStringSecurityDescriptor.Call(uintptr(unsafe.Pointer(text)), revision,
		uintptr(unsafe.Pointer(&s.attributes.SecurityDescriptor)), 0); ok == 0 {
		return nil, os.NewSyscallError("ConvertStringSecurityDescriptorToSecurityDescriptor", err)
	}
	return s, nil
}

func (s *security) free() { _, _ = syscall.LocalFree(syscall.Handle(s.attributes.SecurityDescriptor)) }

// thisUser returns the security identifier of the user of this process.
func thisUser() (string, error) {
	token, err := syscall.OpenCurrentProcessToken()
	if err != nil {
		return "", os.NewSyscallError("OpenProcessToken", err)
	}
	defer func() { _ = token.Close() }()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", os.NewSyscallError("GetTokenInformation", err)
	}
	return user.User.Sid.String()
}

// ownerOf returns the security identifier of a pipe's owner.
func ownerOf(h syscall.Handle) (string, error) {
	const (
		kernelObject = 6 // SE_KERNEL_OBJECT
		itsOwner     = 1 // OWNER_SECURITY_INFORMATION
	)
	var owner *syscall.SID
	var descriptor syscall.Handle
	if code, _, _ := getSecurityInfo.Call(uintptr(h), kernelObject, itsOwner, uintptr(unsafe.Pointer(&owner)), 0, 0, 0,
		uintptr(unsafe.Pointer(&descriptor))); code != 0 {
		return "", os.NewSyscallError("GetSecurityInfo", syscall.Errno(code))
	}
	defer func() { _, _ = syscall.LocalFree(descriptor) }()
	return owner.String()
}
