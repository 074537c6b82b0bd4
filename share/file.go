package share

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// FileStore is where the processes of one user on one machine meet: a directory. A turn is
// a lock of the kernel's, so that of a killed process ends at once. Make one with [File].
// It is safe for concurrent use, and may serve any number of sessions.
type FileStore struct {
	dir string
	fileState
}

// File returns the store in a directory, an absolute path. It must be the user's own and
// open to nobody else (mode 0700), no symbolic link, and on no network file system. What is
// missing is made. The default, "", is $XDG_RUNTIME_DIR/evercreds, and where that variable is not set
// ~/.cache/evercreds/share.
//
// It works on Linux and macOS. Elsewhere it returns an error that wraps
// errors.ErrUnsupported.
func File(dir string) (*FileStore, error) { return openFile(dir) }

// Figures says that calls have 250 ms, that who waits looks again after 25 ms, and that a
// turn is a lock.
func (f *FileStore) Figures() Figures {
	return Figures{Call: 250 * time.Millisecond, Poll: 25 * time.Millisecond, IsLock: true}
}

// String names the directory.
func (f *FileStore) String() string { return fmt.Sprintf("share.File(%q)", f.dir) }

// What a directory is refused for begins like this.
func refused(dir, format string, args ...any) error {
	return fmt.Errorf("share: the directory %q must %w", dir, fmt.Errorf(format, args...))
}

// keyPrefix begins every key. What follows becomes a part of file names.
const keyPrefix = "evercreds1:"

// base is the name of a key's record in the directory.
func base(key string) (string, error) {
	digits, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || !isHex(digits, 32) {
		return "", errors.New("share: the key must be evercreds1: and 32 hex digits; got another")
	}
	return "evercreds1-" + digits, nil
}

var errTooLong = fmt.Errorf("share: a sealed entry or notice must have at most %d bytes", MaxSealed)

var (
	_ Store  = (*FileStore)(nil)
	_ Marker = (*FileStore)(nil)
)
