//go:build unix

package command

import (
	"os/exec"
	"syscall"
)

// detach starts a command without a terminal, wherever the tests run.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
