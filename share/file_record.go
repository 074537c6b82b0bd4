//go:build linux || darwin

package share

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// record is what the file has beside the fields of all engines.
type record struct {
	fields
	locked    bool   // who has the turn holds its lock; a stopped process may have kept that
	exclusive bool   // the turn is a lock, and has no end by time
	entryBoot string // the boot in which the entry was written: its end is on that clock
	marks     map[string]int64
}

// leastOfALock is what is told to be left of a turn that has no end by time, in
// milliseconds.
const leastOfALock = 1000

// runs tells whether a turn runs, if its process lives.
func (r *record) runs(now int64) bool {
	return r.turnEndsMS > now || r.exclusive && r.turnEndsMS != 0
}

// endOf is when the turn that runs ends, as far as others may know.
func (r *record) endOf(now int64) int64 {
	if r.exclusive {
		return max(r.turnEndsMS, now+leastOfALock)
	}
	return r.turnEndsMS
}

func (r *record) dropOldMarks(now int64) {
	for mark, when := range r.marks {
		if now-when > markLife.Milliseconds() {
			delete(r.marks, mark)
		}
	}
}

type writtenFile struct {
	written
	Boot      string           `json:"boot"`
	EntryBoot string           `json:"entry_boot"`
	Locked    bool             `json:"locked"`
	Exclusive bool             `json:"exclusive"`
	Marks     map[string]int64 `json:"marks"`
}

// maxRecord is the size in bytes of the longest record.
const maxRecord = 32 << 10

// load reads the record. What is none is an empty one; so are a turn, a notice and marks
// of another boot.
func (f *FileStore) load(name string) (record, error) {
	r := record{marks: map[string]int64{}}
	data, err := f.readOwn(name)
	if err != nil {
		return r, fmt.Errorf("share: the record cannot be read: %w", err)
	}
	o := readObject(data)
	if r.fields = o.fields(); len(r.entry.Sealed) > 0 {
		if r.entryBoot = o.text("entry_boot"); r.entryBoot == "" {
			r.entryBoot = o.text("boot")
		}
	}
	if o.text("boot") != f.boot {
		r.turnEndsMS, r.notice, r.noticeEndsMS = 0, nil, 0
		return r, nil
	}
	r.locked = string(o["locked"]) != "false"
	r.exclusive = string(o["exclusive"]) == "true"
	var marks object
	if json.Unmarshal(o["marks"], &marks) == nil {
		for mark := range marks {
			if when := marks.integer(mark); when != wrong && isHex(mark, 64) {
				r.marks[mark] = when
			}
		}
	}
	return r, nil
}

// readOwn reads a file of the user's own. Anything else under the name is no record.
func (f *FileStore) readOwn(name string) ([]byte, error) {
	// Without waiting: it may be a pipe.
	file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || ownerOf(info) != os.Geteuid() || info.Size() > maxRecord {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(file, maxRecord+1))
	if len(data) > maxRecord {
		return nil, err
	}
	return data, err
}

func ownerOf(info os.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// save replaces the record. Whoever reads sees the old one or the new one.
func (f *FileStore) save(name string, r record) (err error) {
	runs := r.turnEndsMS != 0
	data, err := json.Marshal(writtenFile{
		written: r.written(), Boot: f.boot, EntryBoot: r.entryBoot, Locked: r.locked || !runs, Exclusive: r.exclusive && runs, Marks: r.marks,
	})
	if err != nil {
		return err
	}
	if len(data) > maxRecord {
		return fmt.Errorf("share: the record must have at most %d bytes; it has %s", maxRecord, strconv.Itoa(len(data)))
	}
	path := filepath.Join(f.dir, name)
	if err := place(f.newTemporary, path, data, os.Rename); err != nil {
		return fmt.Errorf("share: the record cannot be written to %q: %w", f.dir, err)
	}
	return nil
}

// newTemporary makes the file that a record is written to. Only who has the guard is here,
// so it is one name: what a killed process has left behind is gone with the next record.
func (f *FileStore) newTemporary(path string) (*os.File, error) {
	temporary := filepath.Join(f.dir, "."+filepath.Base(path)+".new")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// place writes data to a new file that nobody reads, and then moves it to its place.
func place(create func(path string) (*os.File, error), path string, data []byte, move func(from, to string) error) error {
	file, err := create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	if err := move(file.Name(), path); err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	return nil
}
