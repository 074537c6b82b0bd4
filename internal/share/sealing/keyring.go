package sealing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Fetch returns the data keys as they are now, the one that seals first.
type Fetch func(ctx context.Context) ([][]byte, error)

// fetchPause is the least time between two calls of a user's function.
const fetchPause = time.Minute

// Keyring gives the ring that holds now: always the same one, or that of a user's
// function, which is called at the first use, and again after an unknown key, at most
// once a minute. It is safe for concurrent use.
type Keyring struct {
	fetch   Fetch
	nameKey []byte
	now     func() time.Duration

	mu      sync.Mutex
	ring    *Ring
	err     error
	asked   bool
	askedAt time.Duration
	busy    chan struct{} // closed when the call that is under way has ended
}

// Fixed is a keyring that never changes.
func Fixed(r *Ring) *Keyring { return &Keyring{ring: r} }

// Fetched is a keyring of a user's function. now is the time since any instant.
func Fetched(fetch Fetch, nameKey []byte, now func() time.Duration) (*Keyring, error) {
	if nameKey != nil {
		if _, err := derive("share_name_key", nameKey); err != nil {
			return nil, err
		}
	}
	return &Keyring{fetch: fetch, nameKey: nameKey, now: now}, nil
}

// Format shows nothing of the keys, whatever the verb.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "Keyring(redacted)") }

// Ring returns the keys. It waits for the function until ctx ends; what that brings later
// is kept.
func (k *Keyring) Ring(ctx context.Context) (*Ring, error) {
	k.mu.Lock()
	if k.ring != nil {
		defer k.mu.Unlock()
		return k.ring, nil
	}
	return k.again(ctx)
}

// Newer returns other keys than old, after something that old could not open. It returns
// nil if there are none yet.
func (k *Keyring) Newer(ctx context.Context, old *Ring) (*Ring, error) {
	k.mu.Lock()
	switch {
	case k.ring != old:
		defer k.mu.Unlock()
		return k.ring, nil
	case k.fetch == nil:
		k.mu.Unlock()
		return nil, nil
	}
	r, err := k.again(ctx)
	if err != nil || r == old {
		return nil, err
	}
	return r, nil
}

// again calls the function, or waits for the call that is under way. It unlocks k.
func (k *Keyring) again(ctx context.Context) (*Ring, error) {
	if k.busy == nil {
		if k.asked && k.now()-k.askedAt < fetchPause {
			defer k.mu.Unlock()
			return k.ring, k.err
		}
		k.asked, k.askedAt, k.busy = true, k.now(), make(chan struct{})
		// The call outlives the caller's patience, so that the next one finds its answer.
		go k.call(context.WithoutCancel(ctx), k.busy)
	}
	busy := k.busy
	k.mu.Unlock()
	select {
	case <-busy:
	case <-ctx.Done():
		return nil, fmt.Errorf("share_key: the function has not returned in time: %w", ctx.Err())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ring, k.err
}

var errEnded = errors.New("share_key: the function ended its goroutine, or panicked")

func (k *Keyring) call(ctx context.Context, done chan struct{}) {
	var ring *Ring
	err := errEnded
	defer func() {
		_ = recover() // a user's function must not end the process; what it panics with may be a key
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.err = err; err == nil {
			if k.ring == nil || !k.ring.same(ring) {
				k.ring = ring
			}
		}
		k.busy = nil
		close(done)
	}()
	keys, failed := k.fetch(ctx)
	if err = failed; err == nil {
		ring, err = NewRing(keys, k.nameKey)
	}
}

// same tells whether both have the same keys in the same order.
func (r *Ring) same(other *Ring) bool {
	if len(r.all) != len(other.all) || r.named.id != other.named.id {
		return false
	}
	for i, d := range r.all {
		if d.id != other.all[i].id {
			return false
		}
	}
	return true
}
