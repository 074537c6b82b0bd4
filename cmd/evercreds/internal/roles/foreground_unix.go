//go:build unix

package roles

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground reports whether this process may read from a terminal: the kernel stops
// others that try. A shell that runs as a command of ours gives the terminal to its own.
func inForeground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
