// Package group is the store of one session, as its host asks it: it finds the record in
// which the session's group meets, seals what goes there, and opens what comes from there.
package group

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/share/sealing"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// Group is a [host.Group]. It is safe for concurrent use.
type Group struct {
	Store share.Store
	Keys  *sealing.Keyring
	// Name makes the store key. It may call a service.
	Name func(ctx context.Context, r *sealing.Ring) (string, error)
	// Method is that of the session, which must be able to sign with what it adopts.
	Method core.Method
	// Call bounds a call of the store.
	Call time.Duration

	mu    sync.Mutex
	named *sealing.Ring // for which key was made
	key   string
}

var _ host.Group = (*Group)(nil)

// Format prints no field, whatever the verb.
func (g *Group) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "group.Group") }

// StoreKey is the name of the record, and the ring with which it was made.
func (g *Group) StoreKey(ctx context.Context) (string, *sealing.Ring, error) {
	r, err := g.Keys.Ring(ctx)
	if err != nil {
		return "", nil, &host.BeforeStoreError{Trouble: words.TroubleKey, Err: err}
	}
	key, err := g.keyFor(ctx, r)
	if err != nil {
		return "", nil, &host.BeforeStoreError{Trouble: words.TroublePrincipal, Err: err}
	}
	return key, r, nil
}

// RecordKey is the name of the record alone.
func (g *Group) RecordKey(ctx context.Context) (string, error) {
	key, _, err := g.StoreKey(ctx)
	return key, err
}

// keyFor makes the store key anew for another ring, which may have another name key.
func (g *Group) keyFor(ctx context.Context, r *sealing.Ring) (string, error) {
	g.mu.Lock()
	key, named := g.key, g.named
	g.mu.Unlock()
	if named == r {
		return key, nil
	}
	key, err := g.Name(ctx, r)
	if err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.key, g.named = key, r
	return key, nil
}

// Look implements [host.Group]. The bound of a call is the store's alone: what comes before
// has the time that the host gives.
func (g *Group) Look(ctx context.Context, owner string) (host.Looked, error) {
	key, ring, err := g.StoreKey(ctx)
	if err != nil {
		return host.Looked{}, err
	}
	l, record, err := g.read(ctx, key, owner)
	if err != nil || len(record.Entry.Sealed) == 0 {
		return l, err
	}
	g.open(ctx, &l, key, ring, record)
	return l, nil
}

// read reads the record, and what of it is in clear.
func (g *Group) read(ctx context.Context, key, owner string) (host.Looked, share.Record, error) {
	bound, end := within(ctx, g.Call)
	r, err := g.Store.Read(bound, key)
	end()
	if err != nil {
		return host.Looked{}, r, err
	}
	r.Entry.Sealed, r.Notice = own(r.Entry.Sealed), own(r.Notice)
	l := host.Looked{
		Turn: r.Number, SawNumber: r.Number, SawFingerprint: r.Entry.Fingerprint, ClockMS: max(0, r.ClockMS),
		Met: r.Owner != "" && r.Owner != owner, Left: core.Never,
	}
	if r.Owner != owner {
		l.TurnLeft = milliseconds(r.TurnLeft)
	}
	g.heed(ctx, &l, key, r)
	return l, r, nil
}

// own is a copy, with one byte more than there may be at most: a store may use its bytes
// again while keys are fetched that open them.
func own(sealed []byte) []byte { return bytes.Clone(sealed[:min(len(sealed), share.MaxSealed+1)]) }

// arrival is how long an answer that is there has to be read, where the process was stopped
// while it came.
const arrival = 100 * time.Millisecond

// within bounds what a store may take where the host gives more time, for what comes
// before. The bound is no deadline: that would be over when a stopped process goes on.
func within(ctx context.Context, bound time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(bound, func() { time.AfterFunc(arrival, cancel) })
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// heed opens the notice. One that does not open is none; one that is over still tells of the
// failures in a row.
func (g *Group) heed(ctx context.Context, l *host.Looked, key string, r share.Record) {
	if len(r.Notice) == 0 {
		return
	}
	ring, err := g.Keys.Ring(ctx)
	if err != nil {
		return
	}
	notice, length, err := ring.OpenNotice(key, r.Notice)
	if err != nil || notice == 0 {
		return
	}
	l.Notice, l.NoticeLeft = int64(notice), min(milliseconds(r.NoticeLeft), int64(length))
}

// longestSpan is more than any turn and any notice lasts, whatever a store says.
const longestSpan = 24 * time.Hour

// milliseconds rounds up: what is left of a turn errs late.
func milliseconds(d time.Duration) int64 {
	d = min(max(d, 0), longestSpan)
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// Campaign implements [host.Group].
func (g *Group) Campaign(ctx context.Context, c share.Campaign) (share.Turn, error) {
	key, _, err := g.StoreKey(ctx)
	if err != nil {
		return share.Turn{}, err
	}
	t, err := g.Store.Campaign(ctx, key, c)
	t.Left, t.ClockMS = min(t.Left, longestSpan), max(0, t.ClockMS)
	return t, err
}

// endless is how long a record lasts whose set has no end, and one that a resignation
// leaves: it must not make the life of an entry shorter.
const endless = 36 * time.Hour

// Publish implements [host.Group].
func (g *Group) Publish(ctx context.Context, p host.Publication) (share.Published, error) {
	key, ring, err := g.StoreKey(ctx)
	if err != nil {
		return share.Published{}, err
	}
	sealed, err := ring.SealSet(key, sealing.Header{
		Generation: p.Number, Replaces: p.Replaces, ExpiryMS: p.Expiry, EndsMS: p.Ends, LifeMS: p.Life,
	}, setOf(p.Set))
	if err != nil { // it is too long for an entry: the turn ends all the same
		_ = g.Store.Resign(ctx, key, share.Resignation{Owner: p.Owner, Number: p.Number, TTL: endless})
		return share.Published{}, err
	}
	ttl := endless
	if p.Left < core.Never {
		ttl = time.Duration(min(p.Left, endless.Milliseconds())) * time.Millisecond
	}
	out, err := g.Store.Publish(ctx, key, share.Publication{
		Owner: p.Owner, Number: p.Number, Replaces: p.Replaces, Junk: p.Junk, TTL: ttl,
		Entry: share.Entry{Sealed: sealed, Generation: p.Number, Fingerprint: p.Fingerprint, ExpiryMS: p.Expiry},
	})
	out.ClockMS = max(0, out.ClockMS)
	return out, err
}

// Resign implements [host.Group].
func (g *Group) Resign(ctx context.Context, r host.Resignation) error {
	key, ring, err := g.StoreKey(ctx)
	if err != nil {
		return err
	}
	out := share.Resignation{Owner: r.Owner, Number: r.Number, TTL: endless}
	if r.Notice != 0 {
		out.Notice, _ = ring.SealNotice(key, uint32(r.Notice), uint32(r.Span)) // a turn ends without one, too
		out.NoticeLength = time.Duration(r.Span) * time.Millisecond
	}
	return g.Store.Resign(ctx, key, out)
}

// Mark notes that a one-time code is to be sent; isNew is false where that was done before.
func (g *Group) Mark(ctx context.Context, serial, code string) (isNew bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			isNew, err = false, fmt.Errorf("the store panicked with a %T", p)
		}
	}()
	key, ring, err := g.StoreKey(ctx)
	if err != nil {
		return false, err
	}
	bound, end := within(ctx, g.Call)
	defer end()
	return g.Store.(share.Marker).Mark(bound, key, ring.Mark(serial, code))
}

func setOf(c sources.Credentials) sealing.Set {
	return sealing.Set{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, Token: c.SessionToken, Account: c.AccountID}
}
