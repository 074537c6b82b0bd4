//go:build unix && !linux

package child

import "syscall"

// attributes are none: this system cannot tie a process to its parent.
func attributes() *syscall.SysProcAttr { return nil }
