//go:build linux || darwin

package share

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// another owner than this process, where it may make files of others.
const anotherUser = 12345

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		want string
	}{
		"a symbolic link": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir+" itself", 0o700), os.Symlink(dir+" itself", dir))
		}, "must be no symbolic link; it is one"},
		"a file":            {func(t *testing.T, dir string) { must(t, os.WriteFile(dir, nil, 0o600)) }, "must be a directory; it is a file"},
		"open to the group": {func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700), os.Chmod(dir, 0o750)) }, "must have mode 0700; it has 0750"},
		"open to all":       {func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)) }, "must have mode 0700; it has 0777"},
		"another user's": {func(t *testing.T, dir string) {
			asRoot(t)
			must(t, os.Mkdir(dir, 0o700), os.Chown(dir, anotherUser, 0))
		}, "must belong to the user 0; it belongs to 12345"},
		"below a file": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Dir(dir)), os.WriteFile(filepath.Dir(dir), nil, 0o600))
		}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "above", "a group")
			must(t, os.Mkdir(filepath.Dir(dir), 0o700))
			c.make(t, dir)
			_, err := File(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Dir(dir)) {
				t.Errorf("got %v, want %q and the directory", err, c.want)
			}
		})
	}
}

func TestRelativeDirectoriesAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"store", "~/store", "./store", "redis://127.0.0.1:6379"} {
		if _, err := File(dir); err == nil || !strings.Contains(err.Error(), "must be an absolute path; it is a relative one") {
			t.Errorf("%q: got %v", dir, err)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	home := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", "run") // its specification has a relative one ignored
	t.Setenv("HOME", home)
	if f, err := File(""); err != nil || f.dir != filepath.Join(home, ".cache", "evercreds", "share") {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestAStoreThatFileHasNotOpenedMakesNoKey(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := new(FileStore).DataKey(); err == nil || !strings.Contains(err.Error(), "must come from File") {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNetworkFileSystemsAreRefused(t *testing.T) {
	f := openTest(t, newDir(t))
	f.fileSystem = func(string) (string, error) { return "NFS", nil }
	if err := f.makeDirectory(); err == nil || !strings.Contains(err.Error(), "network file system (NFS)") {
		t.Errorf("got %v", err)
	}
}

func TestTheDefaultDirectory(t *testing.T) {
	runtime, home := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	if f := openTest(t, ""); f.dir != filepath.Join(runtime, "evercreds") {
		t.Errorf("got %s", f)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if f := openTest(t, ""); f.dir != filepath.Join(home, ".cache/evercreds/share") {
		t.Errorf("got %s", f)
	}
	t.Setenv("HOME", "")
	if _, err := File(""); err == nil || !strings.Contains(err.Error(), "default directory") {
		t.Errorf("got %v", err)
	}
}

func TestTheDirectoryIsMadeAgain(t *testing.T) {
	f := openTest(t, newDir(t))
	must(t, os.RemoveAll(f.dir))
	if !overAtOnce(t, f) || !win(t, f, ownerA, time.Hour, false).Won {
		t.Error("the directory is not there any more")
	}
}

func TestKeysOfOthersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"a symbolic link": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path+" itself", make([]byte, 32), 0o600), os.Symlink(path+" itself", path))
		}, "must be no symbolic link"},
		"open to all": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, make([]byte, 32), 0o600), os.Chmod(path, 0o604))
		}, "must have mode 0600; it has 0604"},
		"short":       {func(t *testing.T, path string) { must(t, os.WriteFile(path, make([]byte, 31), 0o600)) }, "must have 32 bytes; it has 31"},
		"a directory": {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "must be a file"},
		"another user's": {func(t *testing.T, path string) {
			asRoot(t)
			must(t, os.WriteFile(path, make([]byte, 32), 0o600), os.Chown(path, anotherUser, 0))
		}, "must belong to the user 0; it belongs to 12345"},
	} {
		t.Run(name, func(t *testing.T) {
			f := openTest(t, newDir(t))
			c.make(t, filepath.Join(f.dir, "key"))
			if _, err := f.DataKey(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheFirstKeyStays(t *testing.T) {
	dir := newDir(t)
	keys := make([][]byte, 32)
	var all sync.WaitGroup
	for i := range keys {
		f := openTest(t, dir)
		all.Add(1)
		go func() {
			defer all.Done()
			key, err := f.DataKey()
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		}()
	}
	all.Wait()
	for _, k := range keys {
		if len(k) != keyBytes || !bytes.Equal(k, keys[0]) {
			t.Fatal("two have different keys")
		}
	}
	if found, _ := os.ReadDir(dir); len(found) != 1 {
		t.Errorf("left behind: %v", found)
	}
}

// published is a directory with an entry, a notice and a mark, and a turn that runs.
func published(t *testing.T) *FileStore {
	t.Helper()
	f := openTest(t, newDir(t))
	ctx := t.Context()
	win(t, f, ownerA, time.Hour, false)
	_, err := f.Publish(ctx, testKey, Publication{Owner: ownerA, Number: 1, TTL: time.Hour, Entry: Entry{Sealed: []byte("sealed"), Generation: 1, Fingerprint: 2, ExpiryMS: 3}})
	must(t, err)
	win(t, f, ownerA, time.Hour, false)
	must(t, f.Resign(ctx, testKey, Resignation{Owner: ownerA, Number: 2, Notice: []byte("notice"), NoticeLength: time.Hour, TTL: time.Hour}))
	win(t, f, ownerA, time.Hour, false)
	if isNew, err := f.Mark(ctx, testKey, testMark); !isNew || err != nil {
		t.Fatal(isNew, err)
	}
	return f
}

var testMark = strings.Repeat("0123456789abcdef", 4)

func TestWhatIsNoRecord(t *testing.T) {
	path := func(f *FileStore) string { return filepath.Join(f.dir, "evercreds1-00112233445566778899aabbccddeeff") }
	for name, spoil := range map[string]func(t *testing.T, path string){
		"text":            func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte("text"), 0o600)) },
		"empty":           func(t *testing.T, path string) { must(t, os.WriteFile(path, nil, 0o600)) },
		"gone":            func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"a symbolic link": func(t *testing.T, path string) { must(t, os.Rename(path, path+"-2"), os.Symlink(path+"-2", path)) },
		"too long":        func(t *testing.T, path string) { must(t, os.Truncate(path, maxRecord+1)) },
		"64 MB":           func(t *testing.T, path string) { must(t, os.Truncate(path, 64<<20)) },
		"a pipe":          func(t *testing.T, path string) { must(t, os.Remove(path), syscall.Mkfifo(path, 0o600)) },
		"another user's":  func(t *testing.T, path string) { asRoot(t); must(t, os.Chown(path, anotherUser, 0)) },
		"another format": func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			must(t, err, os.WriteFile(path, bytes.Replace(text, []byte(`"format":1`), []byte(`"format":2`), 1), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := published(t)
			spoil(t, path(f))
			r, err := f.Read(t.Context(), testKey)
			if err != nil || r.Number != 0 || r.TurnLeft != 0 || len(r.Entry.Sealed) > 0 || len(r.Notice) > 0 {
				t.Fatalf("got %+v, %v", r, err)
			}
			if turn := win(t, f, ownerA, time.Hour, false); !turn.Won || turn.Number != 1 {
				t.Fatalf("got %+v", turn)
			}
			if info, err := os.Lstat(path(f)); err != nil || info.Mode() != 0o600 || ownerOf(info) != os.Geteuid() {
				t.Errorf("there is %v now, %v", info, err)
			}
		})
	}
}

// Who goes alone after a look that found nothing has the store's clock from that look.
func TestALookThatFindsNothingTellsTheClock(t *testing.T) {
	f := openTest(t, newDir(t))
	if r, err := f.Read(t.Context(), testKey); err != nil || r.ClockMS == 0 {
		t.Errorf("got %+v, %v", r, err)
	}
}

// After a boot there is no turn, no notice and no mark. The entry stays, and its end on the
// store's clock is unknown, also when others have written since.
func TestAnotherBoot(t *testing.T) {
	f := published(t)
	before, err := f.Read(t.Context(), testKey)
	must(t, err)
	if before.TurnLeft == 0 || before.NoticeLeft == 0 || before.ClockMS == 0 {
		t.Fatalf("before the boot: %+v", before)
	}
	f.boot = "another boot"
	r, err := f.Read(t.Context(), testKey)
	if err != nil || r.TurnLeft != 0 || r.NoticeLeft != 0 || r.ClockMS != 0 || r.Number != 3 || string(r.Entry.Sealed) != "sealed" {
		t.Fatalf("got %+v, %v", r, err)
	}
	turn := win(t, f, ownerA, time.Hour, false)
	if !turn.Won || turn.Number != 4 || turn.ClockMS == 0 {
		t.Fatalf("got %+v", turn)
	}
	if r, err = f.Read(t.Context(), testKey); err != nil || r.TurnLeft == 0 || r.ClockMS != 0 || len(r.Notice) > 0 {
		t.Fatalf("after a campaign: %+v, %v", r, err)
	}
	_, err = f.Publish(t.Context(), testKey, Publication{Owner: ownerA, Number: 4, TTL: time.Hour, Entry: Entry{Sealed: []byte("new"), Generation: 4, Fingerprint: 4, ExpiryMS: 4}})
	must(t, err)
	if r, err = f.Read(t.Context(), testKey); err != nil || r.ClockMS == 0 {
		t.Fatalf("after a publication: %+v, %v", r, err)
	}
}

func TestMarks(t *testing.T) {
	f := published(t)
	mark := func(f *FileStore) bool {
		t.Helper()
		isNew, err := f.Mark(t.Context(), testKey, testMark)
		must(t, err)
		return isNew
	}
	if mark(f) || mark(openTest(t, f.dir)) {
		t.Error("the mark is new again")
	}
	if _, err := f.Publish(t.Context(), testKey, Publication{Owner: ownerA, Number: 3, TTL: time.Hour, Entry: Entry{Sealed: []byte("s"), Generation: 3, ExpiryMS: 9}}); err != nil || mark(f) {
		t.Errorf("a publication drops marks: %v", err)
	}
	real := f.clock
	f.clock = func() (int64, error) { now, err := real(); return now + markLife.Milliseconds() - 60_000, err }
	if mark(f) {
		t.Error("after four minutes the mark is new again")
	}
	f.clock = func() (int64, error) { now, err := real(); return now + markLife.Milliseconds() + 1000, err }
	if !mark(f) || mark(f) {
		t.Error("after five minutes the mark is not new again, or twice")
	}
	if f.boot = "another boot"; !mark(f) {
		t.Error("the mark of another boot counts")
	}
	f.dir = filepath.Join(f.dir, "key", "below") // where nothing can be written
	must(t, os.WriteFile(filepath.Dir(f.dir), nil, 0o600))
	if isNew, err := f.Mark(t.Context(), testKey, strings.Repeat("f", 64)); isNew || err == nil {
		t.Errorf("a mark that cannot be written is new: %v, %v", isNew, err)
	}
	for _, bad := range []string{"", "123456", strings.Repeat("F", 64)} {
		if _, err := openTest(t, newDir(t)).Mark(t.Context(), testKey, bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTooManyMarksAreAnError(t *testing.T) {
	f := published(t)
	for i := 0; ; i++ {
		isNew, err := f.Mark(t.Context(), testKey, strings.Repeat("0", 60)+string([]byte{"0123456789abcdef"[i>>12&15], "0123456789abcdef"[i>>8&15], "0123456789abcdef"[i>>4&15], "0123456789abcdef"[i&15]}))
		if err != nil {
			if isNew || !strings.Contains(err.Error(), "32768 bytes") {
				t.Errorf("got %v", err)
			}
			return
		}
		if i > 1000 {
			t.Fatal("the record has no bound")
		}
	}
}

// Who has waited too long for a turn must not get it: nobody would end an exclusive one.
func TestACampaignThatNobodyWaitsFor(t *testing.T) {
	f := openTest(t, newDir(t))
	ctx, cancel := context.WithCancel(t.Context())
	real := f.clock
	f.clock = func() (int64, error) { cancel(); return real() }
	if _, err := f.Campaign(ctx, testKey, Campaign{Owner: ownerA, Length: time.Hour, Exclusive: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.clock = real
	if !overAtOnce(t, f) || !win(t, openTest(t, f.dir), ownerB, time.Hour, true).Won {
		t.Error("the turn is kept")
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	f := openTest(t, newDir(t))
	for _, key := range []string{"", "evercreds1:", "evercreds1:../../../../etc/passwd/aaaaaaaaaa", "evercreds1:00112233445566778899AABBCCDDEEFF", testKey + "0"} {
		if _, err := f.Read(t.Context(), key); err == nil || !strings.Contains(err.Error(), "32 hex digits") {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestTheFileIsTheContracts(t *testing.T) {
	f := published(t)
	text, err := os.ReadFile(filepath.Join(f.dir, "evercreds1-00112233445566778899aabbccddeeff"))
	must(t, err)
	var o map[string]any
	must(t, json.Unmarshal(text, &o))
	var names []string
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"boot", "entry", "entry_boot", "exclusive", "expiry_ms", "fingerprint", "format", "generation", "locked", "marks", "notice", "notice_ends_ms", "number", "owner", "turn_ends_ms"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
	if o["entry"] != "c2VhbGVk" || o["fingerprint"] != "0000000000000002" || o["format"] != 1.0 || o["exclusive"] != false || o["locked"] != true || o["boot"] != f.boot || o["entry_boot"] != f.boot {
		t.Errorf("got %s", text)
	}
}
