//go:build linux || darwin

package share

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

const testKey = "evercreds1:00112233445566778899aabbccddeeff"

// child is this program once more, as a process that can be stopped and killed.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// startChild has TestChild do one of the jobs below in a directory.
func startChild(t *testing.T, job, dir string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.timeout=5m")}
	c.cmd.Env = append(os.Environ(), "EVERCREDS_SHARE_JOB="+job, "EVERCREDS_SHARE_DIR="+dir)
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	t.Cleanup(c.kill)
	return c
}

// says reads lines until one that begins like this, and gives what follows.
func (c *child) says(begin string) string {
	c.t.Helper()
	for c.lines.Scan() {
		if rest, ok := strings.CutPrefix(c.lines.Text(), begin); ok {
			return strings.TrimSpace(rest)
		}
	}
	c.t.Fatalf("the child ended without saying %q", begin)
	return ""
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // ours, by its own handle
	_ = c.cmd.Wait()
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// TestChild is the child's part.
func TestChild(t *testing.T) {
	job, dir := os.Getenv("EVERCREDS_SHARE_JOB"), os.Getenv("EVERCREDS_SHARE_DIR")
	do, ok := map[string]func(*testing.T, *FileStore){
		"lead": lead, "lead briefly": leadBriefly, "lead exclusively": leadExclusively, "lead and start a program": leadAndStart,
		"write": writeAlways, "guard": holdGuard, "full": fillDisk, "open to all": openToAll,
	}[job]
	if !ok {
		t.Skip("for tests with processes")
	}
	f, err := File(dir)
	if err != nil {
		t.Fatal(err)
	}
	do(t, f)
}

func forever() { select {} }

func win(t *testing.T, f *FileStore, owner string, length time.Duration, exclusive bool) Turn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := f.Read(ctx, testKey)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := f.Campaign(ctx, testKey, Campaign{
		Owner: owner, SawNumber: r.Number, SawFingerprint: r.Entry.Fingerprint, Length: length, Exclusive: exclusive,
	})
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func leadWith(t *testing.T, f *FileStore, length time.Duration, exclusive bool) {
	fmt.Println("won", win(t, f, ownerA, length, exclusive).Won)
	go func() { time.Sleep(5 * time.Minute); os.Exit(1) }() // also if nobody kills it
	forever()
}

func lead(t *testing.T, f *FileStore)            { leadWith(t, f, time.Hour, false) }
func leadBriefly(t *testing.T, f *FileStore)     { leadWith(t, f, 300*time.Millisecond, false) }
func leadExclusively(t *testing.T, f *FileStore) { leadWith(t, f, time.Millisecond, true) }

func leadAndStart(t *testing.T, f *FileStore) {
	turn := win(t, f, ownerA, time.Hour, false)
	program := exec.Command("sleep", "300")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("program", program.Process.Pid)
	fmt.Println("won", turn.Won)
	forever()
}

// writeAlways writes until it is killed.
func writeAlways(t *testing.T, f *FileStore) {
	fmt.Println("begins")
	for i := range int64(1_000_000) {
		turn := win(t, f, ownerA, time.Hour, false)
		e := Entry{Sealed: make([]byte, 2000), Generation: turn.Number, Fingerprint: uint64(i), ExpiryMS: time.Now().UnixNano() >> 8}
		if _, err := f.Publish(t.Context(), testKey, Publication{Owner: ownerA, Number: turn.Number, Entry: e, TTL: time.Hour}); err != nil &&
			!errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
}

func holdGuard(t *testing.T, f *FileStore) {
	name, err := base(testKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.lockGuard(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	fmt.Println("holds")
	forever()
}

// fillDisk has a turn when nothing can be written any more, and publishes.
func fillDisk(t *testing.T, f *FileStore) {
	fmt.Println("won", win(t, f, ownerA, time.Hour, false).Won)
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 0, Max: 0}); err != nil {
		t.Fatal(err)
	}
	e := Entry{Sealed: []byte("sealed"), Fingerprint: 1, ExpiryMS: 1}
	_, err := f.Publish(t.Context(), testKey, Publication{Owner: ownerA, Number: 1, Entry: e, TTL: time.Hour})
	os.Stdout.WriteString(fmt.Sprintf("publish: %v\n", err))
	forever()
}

// openToAll makes its files where the umask would leave them open to everybody.
func openToAll(t *testing.T, f *FileStore) {
	syscall.Umask(0)
	win(t, f, ownerA, time.Hour, false)
	if _, err := f.DataKey(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("done")
	forever()
}
