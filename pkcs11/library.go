//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/pkcs11"
)

// library is one PKCS#11 library of this process, with all logins that Keys have made
// through it.
type library struct {
	path string

	opening sync.Mutex   // one login after the other: a wrong PIN is tried but once
	use     sync.RWMutex // held for reading by each signature, for writing to end the library

	mu      sync.Mutex
	tokens  map[*token]bool
	dropped time.Time
}

var libraries = struct {
	sync.Mutex
	of map[string]*library
}{of: map[string]*library{}}

func libraryOf(path string) *library {
	libraries.Lock()
	defer libraries.Unlock()
	l := libraries.of[path]
	if l == nil {
		l = &library{path: path, tokens: map[*token]bool{}}
		libraries.of[path] = l
	}
	return l
}

// with calls f with the library initialized, and ends it after that unless others
// have initialized it.
func (l *library) with(f func(*pkcs11.Ctx) error) error {
	raw := pkcs11.New(l.path)
	if raw == nil {
		return refused("Library", "must be a PKCS#11 library that can be loaded")
	}
	defer raw.Destroy()
	var code pkcs11.Error
	switch err := raw.Initialize(); {
	case err == nil:
		defer func() { _ = raw.Finalize() }()
	case errors.As(err, &code) && code == pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED:
	default:
		return fmt.Errorf("evercreds/pkcs11: the library does not start: %w", err)
	}
	return f(raw)
}

// open finds the token, logs in and finds the key, with the lock opening held.
func (l *library) open(params Params) (*token, error) {
	var at *place
	err := l.with(func(raw *pkcs11.Ctx) (err error) {
		at, err = findPlace(raw, params, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	t, err := at.open(params)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[t] = true
	return t, nil
}

func (l *library) end(t *token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tokens, t)
	t.close()
}

// stale tells whether others of this process keep the library from looking for tokens
// anew. It is false for a while after they were dropped: they have logged in again by
// themselves, and one token that is out must not have them do that all the time.
func (l *library) stale() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tokens) > 0 && time.Since(l.dropped) > dropsApart
}

const dropsApart = time.Second

// drop ends all logins, and by that the library (crypto11 ends it with the last one):
// many look for tokens that were put in, reset or made anew only when they are
// initialized. Keys log in again when they next sign. It waits for signatures that are
// under way; where one of them hangs, nothing is dropped.
func (l *library) drop() {
	for end := time.Now().Add(poolWait); !l.use.TryLock(); time.Sleep(dropPause) {
		if time.Now().After(end) {
			return
		}
	}
	defer l.use.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for t := range l.tokens {
		t.close()
	}
	clear(l.tokens)
	l.dropped = time.Now()
}

// dropPause is between looks for whether someone still signs. (To wait in Lock would
// keep others from signing behind one that hangs.)
const dropPause = 5 * time.Millisecond
