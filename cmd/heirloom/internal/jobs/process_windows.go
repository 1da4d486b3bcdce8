package jobs

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const terminate = syscall.SIGTERM

// lead makes the command the leader of a console process group of its own, to which
// Ctrl-Break can be sent. It passes a command line for cmd.exe on unchanged, because
// cmd.exe does not undo the quoting that other programs undo.
func lead(cmd *exec.Cmd, _ bool) {
	attr := &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if last := len(cmd.Args) - 1; last > 0 && strings.EqualFold(cmd.Args[last-1], "/c") {
		attr.CmdLine = strings.Join(cmd.Args[:last], " ") + ` "` + cmd.Args[last] + `"`
	}
	cmd.SysProcAttr = attr
}

// A family is a job object, to which the processes that its processes start belong as
// well. Windows ends all of them when this program ends, however it ends. A command
// that ended before it could be put into a job object has none.
type family struct {
	job    windows.Handle
	leader *os.Process
}

func familyOf(leader *os.Process, _ bool) (family, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return family{}, os.NewSyscallError("CreateJobObject", err)
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
		},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		windows.CloseHandle(job)
		return family{}, os.NewSyscallError("SetInformationJobObject", err)
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(leader.Pid))
	if err != nil {
		windows.CloseHandle(job)
		return family{}, os.NewSyscallError("OpenProcess", err)
	}
	defer windows.CloseHandle(process)
	if err := windows.AssignProcessToJobObject(job, process); err != nil {
		windows.CloseHandle(job)
		return family{leader: leader}, nil
	}
	return family{job, leader}, nil
}

// signal sends Ctrl-Break, the only signal that can be sent to a console program of
// another group and that such a program can handle.
func (f family) signal(os.Signal) {
	windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(f.leader.Pid))
}

func (f family) kill() {
	if f.job == 0 {
		f.leader.Kill()
		return
	}
	windows.TerminateJobObject(f.job, 1)
}

// alive reports whether processes of the job object are running.
func (f family) alive() bool {
	if f.job == 0 {
		return false
	}
	var info struct {
		totalUserTime, totalKernelTime, periodUserTime, periodKernelTime int64
		pageFaults, total, active, terminated                            uint32
	}
	err := windows.QueryInformationJobObject(f.job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil)
	return err == nil && info.active > 0
}

func (f family) close() {
	if f.job != 0 {
		windows.CloseHandle(f.job)
	}
}

// scarce reports whether a start, or a write, may succeed a little later.
func scarce(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_NO_SYSTEM_RESOURCES) ||
		errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES)
}

func signalName(s os.Signal) string {
	if s == os.Interrupt {
		return "Ctrl-C"
	}
	return s.String()
}
