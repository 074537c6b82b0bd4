package hostfuncs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/stacks"
)

// tiny is a module with one empty function, which is compiled in no time.
var tiny = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b")

func tinyEngine(t *testing.T, dir string) {
	t.Helper()
	e, err := newEngine(t.Context(), tiny, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheCacheHoldsTheMachineCode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there", "yet")
	tinyEngine(t, dir)
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	if len(files) != 1 {
		t.Fatalf("the cache has %v", files)
	}
	before, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	tinyEngine(t, dir)
	if after, err := os.Stat(files[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was compiled again: %v", err)
	}
	// a cache never keeps anybody from starting
	code, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{code[:len(code)/2], bytes.Repeat([]byte{0xff}, len(code)), nil} {
		if err := os.WriteFile(files[0], damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		tinyEngine(t, dir)
	}
	if _, err := New(t.Context(), Config{Module: tiny, CacheDir: files[0]}); err == nil || !strings.Contains(err.Error(), "CacheDir must") {
		t.Errorf("a file as the directory: %v", err)
	}
}

// lookups counts how often an export is looked for, by name.
type lookups struct {
	api.Module
	of map[string]int
}

func (l *lookups) ExportedFunction(name string) api.Function {
	l.of[name]++
	return l.Module.ExportedFunction(name)
}

// Each export is looked up once for calls of the host's, and once for calls from
// within a host function.
func TestFunctionsAreLookedUpOnce(t *testing.T) {
	host := &completing{t: t}
	host.machine = newMachine(t, modules.plain, host)
	counted := &lookups{host.machine.module, map[string]int{}}
	host.machine.module, host.machine.functions = counted, nil
	s := openHandle(t, host.machine)
	for i := range int64(50) {
		now := core.Now{Wall: wall0, Elapsed: i}
		if _, err := host.machine.Ask(s, now, core.Need{}); err != nil {
			t.Fatal(err)
		}
		if _, err := host.machine.Force(s, now); err != nil { // starts a flight, and completes it inside
			t.Fatal(err)
		}
	}
	if len(host.begun) < 10 || counted.of["evercreds_complete"] != 1 || counted.of["evercreds_ask"] != 1 {
		t.Errorf("%d flights; looked up: %v", len(host.begun), counted.of)
	}
	for name, n := range counted.of {
		if n > 2 {
			t.Errorf("%s was looked up %d times", name, n)
		}
	}
}

// One mutex for each instance: the sessions of one Runtime take turns (the race
// detector would tell), and no Runtime waits for another.
func TestOneMutexForEachInstance(t *testing.T) {
	h := &hands{}
	rt, other := newRuntime(t, modules.plain, h.now), newRuntime(t, modules.plain, h.now)
	var all sync.WaitGroup
	for range 4 {
		s := openSession(t, rt, &source{hands: h})
		for range 4 {
			all.Go(func() {
				for range 50 {
					_, err := s.Retrieve(t.Context())
					if err == nil {
						_, err = s.Refresh(t.Context())
					}
					s.Status()
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	all.Wait()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	wantKey(t, openSession(t, other, &source{hands: h}), "key-1")
}

// After Close nothing of ours runs, whatever the sources were at.
func TestNothingRunsAfterClose(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.plain, h.now)
	idle, busy := openSession(t, rt, &source{hands: h}), openSession(t, rt, &source{hands: h, gate: make(chan struct{})})
	wantKey(t, idle, "key-1") // and has a timer now
	waiter := make(chan error)
	go func() { _, err := busy.Retrieve(context.Background()); waiter <- err }()
	wait(t, func() bool { return busy.Status().Refreshing })
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	var own *evercreds.Error
	if err := <-waiter; !errors.As(err, &own) || own.Code != evercreds.CodeClosed {
		t.Errorf("the waiter: %v", err)
	}
	// What has said that it is done may have its last steps left, on a busy machine.
	for end := time.Now().Add(time.Minute); stacks.Of("host.(*Host)") != ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still running:\n%s", stacks.Of("host.(*Host)"))
		}
	}
	if _, err := evercreds.New(&source{}, WithRuntime(rt.Runtime)); err == nil {
		t.Error("opened in a Runtime that is closed")
	}
	if st := busy.Status(); !st.Closed || st.Starts != 1 {
		t.Errorf("the state of a closed session: %+v", st)
	}
	if err := rt.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// A source that does not heed its context keeps Close no longer than a second.
func TestCloseLeavesAStubbornSourceBehind(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	rt := newRuntime(t, modules.plain, nil)
	for range 3 {
		s := open(t, rt, func(in evercreds.Option) (*evercreds.Session, error) {
			return evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
				<-release
				return evercreds.Credentials{}, errors.New("too late")
			}, in, evercreds.WithEager())
		})
		wait(t, func() bool { return s.Status().Refreshing })
	}
	start := time.Now()
	if err := rt.Close(); err != nil || time.Since(start) < time.Second {
		t.Errorf("closed after %v: %v", time.Since(start), err)
	}
}
