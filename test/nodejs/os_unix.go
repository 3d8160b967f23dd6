//go:build unix

package nodejs

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// tryLock takes the lock on f. It returns false if another process has it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// ownGroup starts cmd in its own process group, so that a Ctrl-C in the terminal does
// not end it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
