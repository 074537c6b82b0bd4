//go:build linux || darwin

package share

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func openTest(t *testing.T, dir string) *FileStore {
	t.Helper()
	f, err := File(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newDir(t *testing.T) string { return filepath.Join(t.TempDir(), "a group") }

// overAtOnce tells whether the turn that has an hour left is over.
func overAtOnce(t *testing.T, f *FileStore) bool {
	t.Helper()
	r, err := f.Read(t.Context(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	return r.TurnLeft == 0
}

func TestTheTurnOfAKilledProcessIsOver(t *testing.T) {
	dir := newDir(t)
	leader := startChild(t, "lead", dir)
	if leader.says("won") != "true" {
		t.Fatal("the leader does not lead")
	}
	f := openTest(t, dir)
	if overAtOnce(t, f) || win(t, f, ownerB, time.Hour, false).Won {
		t.Fatal("the leader lives, and its turn is over")
	}
	leader.kill()
	if !overAtOnce(t, f) {
		t.Error("the leader was killed, and its turn runs")
	}
	if turn := win(t, f, ownerB, time.Hour, false); !turn.Won || turn.Number != 2 {
		t.Errorf("who takes over gets %+v", turn)
	}
}

// A stopped process holds its lock. What counts is the time of its turn, unless the turn
// is a lock.
func TestTheTurnOfAStoppedProcess(t *testing.T) {
	for _, c := range []struct {
		job       string
		exclusive bool
	}{{"lead briefly", false}, {"lead exclusively", true}} {
		t.Run(c.job, func(t *testing.T) {
			dir := newDir(t)
			leader := startChild(t, c.job, dir)
			if leader.says("won") != "true" {
				t.Fatal("the leader does not lead")
			}
			leader.signal(syscall.SIGSTOP)
			f := openTest(t, dir)
			time.Sleep(350 * time.Millisecond) // the turn's own time
			if over := overAtOnce(t, f); over == c.exclusive {
				t.Errorf("the turn is over: %v", over)
			}
			turn := win(t, f, ownerB, time.Hour, c.exclusive)
			if turn.Won == c.exclusive {
				t.Fatalf("another gets %+v", turn)
			}
			if !c.exclusive {
				return
			}
			if turn.Left < time.Second {
				t.Errorf("%s are left of a turn without an end", turn.Left)
			}
			leader.kill()
			if !overAtOnce(t, f) || !win(t, f, ownerB, time.Hour, true).Won {
				t.Error("the leader was killed, and its turn is not over")
			}
		})
	}
}

func TestAnExclusiveTurnNeedsTheLock(t *testing.T) {
	dir := newDir(t)
	leader := startChild(t, "lead briefly", dir)
	leader.says("won")
	leader.signal(syscall.SIGSTOP)
	f := openTest(t, dir)
	for !overAtOnce(t, f) { // by time
		time.Sleep(5 * time.Millisecond)
	}
	if turn := win(t, f, ownerB, time.Hour, true); turn.Won || turn.Left < time.Second {
		t.Errorf("a stopped process has the lock, and another gets %+v", turn)
	}
}

// A program that the leader has started does not keep the lock.
func TestProgramsInheritNoLock(t *testing.T) {
	dir := newDir(t)
	leader := startChild(t, "lead and start a program", dir)
	pid, err := strconv.Atoi(leader.says("program"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }() // ours, by its number
	leader.says("won")
	leader.kill()
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the program is not there: %v", err)
	}
	if !overAtOnce(t, openTest(t, dir)) {
		t.Error("the program has the lock")
	}
}

// Whenever a writer is killed, the record is whole, and the next one goes on.
func TestKilledWriters(t *testing.T) {
	dir := newDir(t)
	f := openTest(t, dir)
	last := int64(0)
	for i := range 15 {
		writer := startChild(t, "write", dir)
		writer.says("begins")
		time.Sleep(time.Duration(i) * time.Millisecond) // wherever it is then
		writer.kill()
		turn := win(t, f, ownerB, time.Hour, false)
		if !turn.Won || turn.Number <= last {
			t.Fatalf("after writer %d: %+v, and %d before", i, turn, last)
		}
		last = turn.Number
		if err := f.Resign(t.Context(), testKey, Resignation{Owner: ownerB, Number: turn.Number, TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range found {
		names = append(names, strings.Replace(e.Name(), "evercreds1-00112233445566778899aabbccddeeff", "RECORD", 1))
	}
	if want := []string{"RECORD", "RECORD.guard", "RECORD.turn"}; !slices.Equal(names, want) {
		t.Errorf("left behind: %q, want %q", names, want)
	}
}

func TestAGuardThatIsHeldForEver(t *testing.T) {
	dir := newDir(t)
	startChild(t, "guard", dir).says("holds")
	f := openTest(t, dir)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	err := f.Resign(ctx, testKey, Resignation{Owner: ownerA, TTL: time.Hour})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) < 200*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	if !overAtOnce(t, f) {
		t.Error("a read waits for the guard") // it has failed already
	}
}

// The write fails as on a full disk. The turn is over all the same.
func TestFullDisk(t *testing.T) {
	dir := newDir(t)
	full := startChild(t, "full", dir)
	full.says("won")
	said := full.says("publish:")
	if !strings.Contains(said, `share: the record cannot be written to "`+dir) || !strings.Contains(said, "too large") {
		t.Errorf("the error says %q", said)
	}
	f := openTest(t, dir)
	if !overAtOnce(t, f) || !win(t, f, ownerB, time.Hour, false).Won {
		t.Error("the turn is kept by who cannot write")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	dir := newDir(t)
	startChild(t, "open to all", dir).says("done")
	found, err := os.ReadDir(dir)
	if err != nil || len(found) != 4 {
		t.Fatalf("%v, %v", found, err)
	}
	for _, e := range found {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %s", e.Name(), info.Mode())
		}
	}
}
