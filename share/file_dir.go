//go:build linux || darwin

package share

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

type fileState struct {
	boot       string
	clock      func() (int64, error)                   // since boot, in milliseconds, time asleep included
	fileSystem func(dir string) (name string, _ error) // the name of a network's, or ""

	mu    sync.Mutex
	turns map[string]*lock
}

func openFile(dir string) (*FileStore, error) {
	if dir == "" {
		var err error
		if dir, err = defaultDir(); err != nil {
			return nil, err
		}
	}
	if !filepath.IsAbs(dir) { // processes in other directories would not meet there
		return nil, refused(dir, "be an absolute path; it is a relative one")
	}
	dir = filepath.Clean(dir)
	boot, err := bootID()
	if err != nil {
		return nil, fmt.Errorf("share: the boot of this machine has no name: %w", err)
	}
	f := &FileStore{dir: dir, fileState: fileState{boot: boot, clock: sinceBoot, fileSystem: networkFileSystem, turns: map[string]*lock{}}}
	if err := f.makeDirectory(); err != nil {
		return nil, err
	}
	return f, nil
}

func defaultDir() (string, error) {
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) { // another counts for nothing, says its specification
		return filepath.Join(runtime, "evercreds"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("share: there is no default directory: %w", err)
	}
	return filepath.Join(home, ".cache", "evercreds", "share"), nil
}

// makeDirectory makes what is missing, and refuses what others could read or change.
func (f *FileStore) makeDirectory() error {
	if err := os.MkdirAll(filepath.Dir(f.dir), 0o700); err != nil {
		return fmt.Errorf("share: %w", err)
	}
	if err := os.Mkdir(f.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("share: %w", err)
	}
	info, err := os.Lstat(f.dir)
	switch {
	case err != nil:
		return fmt.Errorf("share: %w", err)
	case info.Mode()&os.ModeSymlink != 0:
		return refused(f.dir, "be no symbolic link; it is one")
	case !info.IsDir():
		return refused(f.dir, "be a directory; it is a file")
	case ownerOf(info) != os.Geteuid():
		return refused(f.dir, "belong to the user %d; it belongs to %d", os.Geteuid(), ownerOf(info))
	case info.Mode().Perm() != 0o700:
		return refused(f.dir, "have mode 0700; it has %04o", info.Mode().Perm())
	}
	name, err := f.fileSystem(f.dir)
	switch {
	case err != nil:
		return fmt.Errorf("share: %w", err)
	case name != "":
		return refused(f.dir, "be on this machine, since locks may not hold elsewhere; it is on a network file system (%s)", name)
	}
	return nil
}

// keyBytes is the length of a data key.
const keyBytes = 32

// DataKey returns the key that the directory has, and makes one if there is none. It is
// for sessions without a key of their user's. It protects a stray copy of a record, and
// not from who reads the directory.
func (f *FileStore) DataKey() ([]byte, error) {
	if f.dir == "" { // of a FileStore{}, the key would come into the working directory
		return nil, errors.New("share: a FileStore must come from File")
	}
	path := filepath.Join(f.dir, "key")
	for range 2 {
		info, err := os.Lstat(path)
		if errors.Is(err, os.ErrNotExist) {
			key := make([]byte, keyBytes)
			_, _ = rand.Read(key) // it never fails
			// The first key stays: another process may have made one since.
			anyName := func(string) (*os.File, error) { return os.CreateTemp(f.dir, ".key.*") }
			if err := place(anyName, path, key, linkFirst); err != nil {
				return nil, fmt.Errorf("share: a key cannot be written to %q: %w", f.dir, err)
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("share: %w", err)
		}
		return f.readKey(path, info)
	}
	return nil, fmt.Errorf("share: the key %q has been removed again", path)
}

func linkFirst(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, os.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(from))
}

func (f *FileStore) readKey(path string, info os.FileInfo) ([]byte, error) {
	must := ""
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		must = "be no symbolic link; it is one"
	case !info.Mode().IsRegular():
		must = "be a file; it is none"
	case ownerOf(info) != os.Geteuid():
		must = fmt.Sprintf("belong to the user %d; it belongs to %d", os.Geteuid(), ownerOf(info))
	case info.Mode().Perm()&^0o600 != 0:
		must = fmt.Sprintf("have mode 0600; it has %04o", info.Mode().Perm())
	case info.Size() != keyBytes:
		must = fmt.Sprintf("have %d bytes; it has %d", keyBytes, info.Size())
	}
	if must != "" {
		return nil, fmt.Errorf("share: the key %q must %s", path, must)
	}
	key, err := f.readOwn("key")
	if err == nil && len(key) != keyBytes {
		err = errors.New("it was replaced meanwhile")
	}
	if err != nil {
		return nil, fmt.Errorf("share: the key %q cannot be read: %w", path, err)
	}
	return key, nil
}
