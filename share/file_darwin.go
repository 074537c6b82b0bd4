package share

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
	"time"
)

func bootID() (string, error) { return syscall.Sysctl("kern.bootsessionuuid") }

// sinceBoot is CLOCK_MONOTONIC, as the system's library makes it: the wall clock without
// the time of the boot, which the kernel moves when somebody sets the wall clock.
func sinceBoot() (int64, error) {
	text, err := syscall.Sysctl("kern.boottime")
	if err != nil {
		return 0, os.NewSyscallError("sysctl kern.boottime", err)
	}
	var b [16]byte // a timeval, whose last zero byte is cut off
	copy(b[:], text)
	boot := time.Unix(int64(binary.LittleEndian.Uint64(b[:8])), int64(binary.LittleEndian.Uint32(b[8:12]))*1000)
	return time.Now().Round(0).Sub(boot).Milliseconds(), nil
}

// networks are the file systems on which a lock may hold for one machine alone, or for
// nobody, by the name that statfs tells.
var networks = []string{"nfs", "smbfs", "cifs", "afpfs", "webdav", "fuse", "9p", "afs", "lustre"}

func networkFileSystem(dir string) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", os.NewSyscallError("statfs", err)
	}
	name := ""
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name += string(rune(c))
	}
	for _, n := range networks {
		if strings.Contains(name, n) {
			return name, nil
		}
	}
	return "", nil
}
