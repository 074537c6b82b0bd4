package group_test

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/share/group"
	"github.com/evercreds/evercreds/internal/share/sealing"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// engine is memory with compare-and-swap, and a clock that stands still.
type engine struct {
	mu    sync.Mutex
	n     int
	data  map[string]share.Value
	clock int64
}

func (e *engine) Get(_ context.Context, key string) (share.Value, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.data[key]
	v.Data, v.ClockMS = bytes.Clone(v.Data), e.clock
	return v, nil
}

func (e *engine) Put(_ context.Context, key string, data []byte, version string, _ time.Duration) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.data[key].Version != version {
		return false, nil
	}
	e.n++
	e.data[key] = share.Value{Data: bytes.Clone(data), Version: strconv.Itoa(e.n)}
	return true, nil
}

func newEngine() *engine { return &engine{data: map[string]share.Value{}, clock: 1_000_000} }

func ring(t *testing.T, keys ...byte) *sealing.Ring {
	t.Helper()
	var all [][]byte
	for _, k := range keys {
		all = append(all, bytes.Repeat([]byte{k}, sealing.KeyBytes))
	}
	r, err := sealing.NewRing(all, bytes.Repeat([]byte{9}, sealing.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func member(e *engine, keys *sealing.Keyring) *group.Group {
	return &group.Group{
		Store: share.CompareAndSwap(e, share.Figures{}), Keys: keys, Method: core.MethodCustom, Call: time.Minute,
		Name: func(_ context.Context, r *sealing.Ring) (string, error) { return sealing.CustomStoreKey(r, "test") },
	}
}

const (
	ownerA = "0123456789abcdef0123456789abcdef"
	ownerB = "fedcba9876543210fedcba9876543210"
	hour   = int64(3_600_000)
)

var aSet = sources.Credentials{AccessKeyID: "KEY", SecretAccessKey: "secret", SessionToken: "token", AccountID: "123456789012", Expires: time.UnixMilli(1_900_000_000_000)}

func publish(t *testing.T, g *group.Group, number, ends int64) {
	t.Helper()
	p := host.Publication{
		Owner: ownerA, Number: number, Set: aSet, Expiry: aSet.Expires.UnixMilli(), Fingerprint: sources.Fingerprint(aSet),
		Ends: ends, Life: hour, Left: hour, Replaces: 7,
	}
	if out, err := g.Publish(t.Context(), p); err != nil || !out.Stored || out.ClockMS != 1_000_000 {
		t.Fatalf("%+v, %v", out, err)
	}
}

func look(t *testing.T, g *group.Group, owner string) host.Looked {
	t.Helper()
	l, err := g.Look(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatOnePublishesTheOtherFinds(t *testing.T) {
	e := newEngine()
	a, b := member(e, sealing.Fixed(ring(t, 1))), member(e, sealing.Fixed(ring(t, 2, 1)))
	if l := look(t, b, ownerB); l.Set != nil || l.Met || l.ClockMS != 1_000_000 || l.Turn != 0 {
		t.Errorf("an empty record: %+v", l)
	}
	if turn, err := a.Campaign(t.Context(), share.Campaign{Owner: ownerA, Seen: 4, Length: 5 * time.Second}); err != nil || !turn.Won || turn.Number != 5 {
		t.Fatalf("%+v, %v", turn, err)
	}
	if l := look(t, b, ownerB); l.TurnLeft != 5000 || l.Turn != 5 || l.SawNumber != 5 || !l.Met {
		t.Errorf("another's turn: %+v", l)
	}
	if l := look(t, a, ownerA); l.TurnLeft != 0 || l.Met {
		t.Errorf("its own turn: %+v", l)
	}
	publish(t, a, 5, 1_000_000+hour)
	e.clock += 60_000
	l := look(t, b, ownerB)
	if l.Set == nil || *l.Set != aSet || l.Left != hour-60_000 || l.Life != hour || l.Generation != 5 || l.Replaces != 7 || l.TurnLeft != 0 ||
		l.Fingerprint != sources.Fingerprint(aSet) || l.SawFingerprint != l.Fingerprint || l.Expiry != aSet.Expires.UnixMilli() {
		t.Errorf("an entry: %+v", l)
	}
	e.clock += 2 * hour
	if l := look(t, b, ownerB); l.Left != 0 {
		t.Errorf("after its end %d ms are left", l.Left)
	}
}

// A set without an end, and one whose end the store's clock does not know.
func TestSetsWithoutAnEnd(t *testing.T) {
	e := newEngine()
	g := member(e, sealing.Fixed(ring(t, 1)))
	publish(t, g, 1, 0)
	if l := look(t, g, ownerB); l.Left != core.Never || l.Expiry == core.Never {
		t.Errorf("nobody knows its end: %+v", l)
	}
	endless := aSet
	endless.Expires, endless.NoExpiry = time.Time{}, true
	if out, err := g.Publish(t.Context(), host.Publication{
		Owner: ownerA, Number: 2, Set: endless, Expiry: core.Never, Fingerprint: sources.Fingerprint(endless), Life: core.Never, Left: core.Never,
	}); err != nil || !out.Stored {
		t.Fatalf("%+v, %v", out, err)
	}
	if l := look(t, g, ownerB); l.Left != core.Never || l.Expiry != core.Never || l.Life != core.Never || !l.Set.NoExpiry {
		t.Errorf("it has no end: %+v", l)
	}
}

func TestNoticesAreSealed(t *testing.T) {
	e := newEngine()
	g := member(e, sealing.Fixed(ring(t, 1)))
	turn, err := g.Campaign(t.Context(), share.Campaign{Owner: ownerA, Length: time.Second})
	if err != nil || !turn.Won {
		t.Fatalf("%+v, %v", turn, err)
	}
	const notice = int64(core.Throttled) + 16*3
	if err := g.Resign(t.Context(), host.Resignation{Owner: ownerA, Number: turn.Number, Notice: notice, Span: 30_000}); err != nil {
		t.Fatal(err)
	}
	e.clock += 10_000
	if l := look(t, g, ownerB); l.Notice != notice || l.NoticeLeft != 20_000 || l.TurnLeft != 0 {
		t.Errorf("%+v", l)
	}
	if l := look(t, member(e, sealing.Fixed(ring(t, 2))), ownerB); l.Notice != 0 || l.NoticeLeft != 0 {
		t.Errorf("who has another key found %+v", l)
	}
	// The next leader counts the failures in a row, and takes nobody's turn over.
	e.clock += 60_000
	if l := look(t, g, ownerB); l.Notice != notice || l.NoticeLeft != 0 {
		t.Errorf("when the notice is over: %+v", l)
	}
}

// Whatever byte of the record is changed: no error, and no set but the one that was sealed.
func TestARecordThatWasTamperedWith(t *testing.T) {
	e := newEngine()
	g := member(e, sealing.Fixed(ring(t, 1)))
	publish(t, g, 1, 1_000_000+hour)
	key, err := g.RecordKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	record, junk, none := e.data[key], 0, 0
	for i := range record.Data {
		changed := record
		changed.Data = bytes.Clone(record.Data)
		changed.Data[i] ^= 1
		e.data[key] = changed
		switch l := look(t, g, ownerB); {
		case l.Set != nil && (*l.Set != aSet || l.Expiry != aSet.Expires.UnixMilli() || l.Life != hour):
			t.Errorf("byte %d: it opens as another set", i)
		case l.Junk != nil:
			junk++
		case l.Set == nil:
			none++
		}
	}
	if junk < 100 || none == 0 {
		t.Errorf("%d changed entries were junk, %d were not there", junk, none)
	}
	other := sources.Credentials{AccessKeyID: "B", SecretAccessKey: "b", SessionToken: "b"}
	moved := member(e, sealing.Fixed(ring(t, 1)))
	moved.Name = func(_ context.Context, r *sealing.Ring) (string, error) {
		return sealing.CustomStoreKey(r, other.AccessKeyID)
	}
	to, err := moved.RecordKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.data[to] = record
	if l := look(t, moved, ownerB); l.Set != nil || l.Junk == nil || l.Junk.Fingerprint != l.SawFingerprint || l.Junk.Generation != 1 {
		t.Errorf("moved to another key: %+v", l)
	}
}

// An entry of an unknown key is not junk; the keys are asked for again, once a minute.
func TestAnEntryOfAnotherKey(t *testing.T) {
	e := newEngine()
	publish(t, member(e, sealing.Fixed(ring(t, 2))), 1, 0)
	var now time.Duration
	var keys [][]byte
	calls := 0
	fetched, err := sealing.Fetched(func(context.Context) ([][]byte, error) {
		calls++
		return keys, nil
	}, bytes.Repeat([]byte{9}, sealing.KeyBytes), func() time.Duration { return now })
	if err != nil {
		t.Fatal(err)
	}
	g := member(e, fetched)
	keys = [][]byte{bytes.Repeat([]byte{1}, sealing.KeyBytes)}
	for range 2 {
		if l := look(t, g, ownerB); l.Set != nil || !l.Foreign || l.Junk != nil {
			t.Errorf("%+v", l)
		}
	}
	keys = append(keys, bytes.Repeat([]byte{2}, sealing.KeyBytes))
	now += 2 * time.Minute
	if l := look(t, g, ownerB); l.Set == nil || l.Foreign {
		t.Errorf("with the new keys: %+v", l)
	}
	if calls != 2 {
		t.Errorf("the keys were asked for %d times", calls)
	}
}
