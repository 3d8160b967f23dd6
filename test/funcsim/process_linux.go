package funcsim

import "syscall"

// dieWithParent lets the kernel kill the handler when this process dies,
// however it dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
