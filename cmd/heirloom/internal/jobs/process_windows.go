package jobs

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

const terminate = syscall.SIGTERM

// lead makes the command the leader of a console process group of its own, which
// Ctrl-Break can be sent to, and a command of cmd.exe's is passed on as it is:
// cmd.exe does not undo the quoting that other programs do.
func lead(cmd *exec.Cmd) {
	attr := &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if last := len(cmd.Args) - 1; last > 0 && strings.EqualFold(cmd.Args[last-1], "/c") {
		attr.CmdLine = strings.Join(cmd.Args[:last], " ") + ` "` + cmd.Args[last] + `"`
	}
	cmd.SysProcAttr = attr
}

// A group is a job object, which what its processes start belongs to as well.
// Windows ends them all when we end, however that comes about. There is none for a
// command that ended before it could be put into one.
type group struct {
	job    windows.Handle
	leader *os.Process
}

func groupOf(leader *os.Process) (group, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return group{}, os.NewSyscallError("CreateJobObject", err)
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
		return group{}, os.NewSyscallError("SetInformationJobObject", err)
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(leader.Pid))
	if err != nil {
		windows.CloseHandle(job)
		return group{}, os.NewSyscallError("OpenProcess", err)
	}
	defer windows.CloseHandle(process)
	if err := windows.AssignProcessToJobObject(job, process); err != nil {
		windows.CloseHandle(job)
		return group{leader: leader}, nil
	}
	return group{job, leader}, nil
}

// signal sends Ctrl-Break, the one that a console program of another group can
// be sent and can handle.
func (g group) signal(os.Signal) {
	windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.leader.Pid))
}

func (g group) kill() {
	if g.job == 0 {
		g.leader.Kill()
		return
	}
	windows.TerminateJobObject(g.job, 1)
}

// alive asks the job how many of its processes are running.
func (g group) alive() bool {
	if g.job == 0 {
		return false
	}
	var info struct {
		totalUserTime, totalKernelTime, periodUserTime, periodKernelTime int64
		pageFaults, total, active, terminated                            uint32
	}
	err := windows.QueryInformationJobObject(g.job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil)
	return err == nil && info.active > 0
}

func (g group) close() {
	if g.job != 0 {
		windows.CloseHandle(g.job)
	}
}

func signalName(s os.Signal) string {
	if s == os.Interrupt {
		return "Ctrl-C"
	}
	return s.String()
}

func killedBy(*os.ProcessState) (os.Signal, bool) { return nil, false }

func exitOf(os.Signal) int { return 1 }
