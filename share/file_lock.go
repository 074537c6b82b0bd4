//go:build linux || darwin

package share

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lock is an exclusive lock of the kernel's on an open file. It falls when the process
// dies. Programs that this process starts do not inherit the file.
type lock struct {
	file   *os.File
	number int64 // of the turn that this is the lock of
	kept   bool  // somebody else ends it
}

func (l *lock) drop() {
	if l != nil {
		_ = l.file.Close()
	}
}

func (l *lock) dropFresh() {
	if l != nil && !l.kept {
		l.drop()
	}
}

const (
	guardPause = 5 * time.Millisecond
	turnPause  = time.Millisecond
	turnTries  = 5
)

// lockGuard holds off all others who write this record, until ctx ends.
func (f *FileStore) lockGuard(ctx context.Context, name string) (*lock, error) {
	for made := false; ; {
		l, err := f.tryLock(name + ".guard")
		switch {
		case errors.Is(err, os.ErrNotExist) && !made:
			// Somebody has removed the directory.
			if err := f.makeDirectory(); err != nil {
				return nil, err
			}
			made = true
			continue
		case l != nil || err != nil:
			return l, err
		}
		select {
		case <-time.After(guardPause):
		case <-ctx.Done():
			return nil, fmt.Errorf("share: others write the record all the time: %w", ctx.Err())
		}
	}
}

// lockTurn takes the turn's lock, or gives the one that this owner holds. nil: another
// process has it. Who looks whether it is free has it for a moment.
func (f *FileStore) lockTurn(ctx context.Context, name, owner string) (*lock, error) {
	f.mu.Lock()
	held := f.turns[name+owner]
	f.mu.Unlock()
	if held != nil {
		return held, nil
	}
	for try := 1; ; try++ {
		l, err := f.tryLock(name + ".turn")
		if l != nil || err != nil || try == turnTries {
			return l, err
		}
		select {
		case <-time.After(turnPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// keepTurn holds a lock, if there is one, until the owner's turn ends.
func (f *FileStore) keepTurn(name, owner string, l *lock, number int64) {
	if l == nil {
		return // a turn without a lock ends by time alone
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l.number, l.kept = number, true
	f.turns[name+owner] = l
}

// endTurn drops the lock of the owner's turn, unless that has a higher number.
func (f *FileStore) endTurn(name, owner string, highest int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l := f.turns[name+owner]; l != nil && l.number <= highest {
		delete(f.turns, name+owner)
		l.drop()
	}
}

// tryLock locks a file, which it makes if it is not there. nil: it is locked.
func (f *FileStore) tryLock(name string) (*lock, error) {
	path := filepath.Join(f.dir, name)
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("share: %w", err)
		}
		if err := flock(file, syscall.LOCK_EX); err != nil {
			_ = file.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, nil
			}
			return nil, fmt.Errorf("share: %q cannot be locked: %w", path, err)
		}
		if has, err := hasName(file, path); has || err != nil {
			if err != nil {
				_ = file.Close()
				return nil, err
			}
			return &lock{file: file}, nil
		}
		_ = file.Close() // somebody has removed it in between: this is a lock of nothing
	}
}

// turnIsFree tells whether nobody holds the turn's lock.
func (f *FileStore) turnIsFree(name string) (bool, error) {
	path := filepath.Join(f.dir, name+".turn")
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("share: %w", err)
	}
	defer func() { _ = file.Close() }()
	// Shared, so that those who look do not take each other for the owner.
	switch err := flock(file, syscall.LOCK_SH); {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	default:
		return false, fmt.Errorf("share: %q cannot be locked: %w", path, err)
	}
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// hasName tells whether the open file is the one that has the name.
func hasName(file *os.File, path string) (bool, error) {
	mine, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, named), err
}
