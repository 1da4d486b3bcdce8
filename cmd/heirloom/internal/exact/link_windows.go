package exact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// makeLink makes a symbolic link or, since that needs a privilege that most users don't
// have, a junction, which needs none.
func makeLink(folder, name string) error {
	err := os.Symlink(folder, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	cmd := exec.Command("cmd")
	// Quoted by hand, because cmd.exe does not parse arguments as other programs do.
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: fmt.Sprintf(`/d /c mklink /j "%s" "%s"`, name, folder)}
	if out, junctionErr := cmd.CombinedOutput(); junctionErr != nil {
		return errors.Join(err, fmt.Errorf("mklink /j: %w: %s", junctionErr, out))
	}
	return nil
}
