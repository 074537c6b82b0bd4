package group_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/share/sealing"
	"github.com/evercreds/evercreds/share"
)

// reused is a store that writes over the bytes of its answer once it has given it.
type reused struct {
	share.Store
	given []byte
}

func (r *reused) Read(ctx context.Context, key string) (share.Record, error) {
	record, err := r.Store.Read(ctx, key)
	r.given = record.Entry.Sealed
	return record, err
}

// B has published with a key that A does not know; A looks, and asks for keys again;
// meanwhile the store uses its bytes for something else: A adopts what was there.
func TestAStoreUsesItsBytesAgain(t *testing.T) {
	e := newEngine()
	publish(t, member(e, sealing.Fixed(ring(t, 1))), 1, 1_000_000+hour)
	store := &reused{Store: member(e, nil).Store}
	asked, now := 0, time.Duration(0)
	keys, err := sealing.Fetched(func(context.Context) ([][]byte, error) {
		if asked++; asked == 1 {
			return [][]byte{bytes.Repeat([]byte{2}, sealing.KeyBytes)}, nil
		}
		for i := range store.given {
			store.given[i] = 0
		}
		return [][]byte{bytes.Repeat([]byte{2}, sealing.KeyBytes), bytes.Repeat([]byte{1}, sealing.KeyBytes)}, nil
	}, bytes.Repeat([]byte{9}, sealing.KeyBytes), func() time.Duration { now += 2 * time.Minute; return now })
	if err != nil {
		t.Fatal(err)
	}
	a := member(e, keys)
	a.Store = store
	if l := look(t, a, ownerB); l.Set == nil || *l.Set != aSet {
		t.Errorf("keys were asked for %d times: %+v", asked, l)
	}
}

// longer is a store whose entry is longer than any.
type longer struct {
	share.Store
	beginning string
}

func (l longer) Read(ctx context.Context, key string) (share.Record, error) {
	record, err := l.Store.Read(ctx, key)
	record.Entry.Sealed = append([]byte(l.beginning), make([]byte, 70_000)...)
	return record, err
}

// the entry is longer than any, of whatever format: it is junk.
func TestAnEntryThatIsTooLong(t *testing.T) {
	for _, beginning := range []string{"", "EVCS\x01", "EVCS\x02"} {
		e := newEngine()
		g := member(e, sealing.Fixed(ring(t, 1)))
		publish(t, g, 1, 1_000_000+hour)
		g.Store = longer{g.Store, beginning}
		if l := look(t, g, ownerB); l.Set != nil || l.Junk == nil || l.Foreign {
			t.Errorf("%q: %+v", beginning, l)
		}
	}
}

// who has the key has sealed what no source may give: it is junk.
func TestASetThatNoClientCanUse(t *testing.T) {
	for name, set := range map[string]sealing.Set{
		"no token":        {AccessKey: "KEY", SecretKey: "s"},
		"a line end":      {AccessKey: "KEY", SecretKey: "s", Token: "a\nb"},
		"a short account": {AccessKey: "KEY", SecretKey: "s", Token: "t", Account: "12"},
	} {
		e := newEngine()
		g := member(e, sealing.Fixed(ring(t, 1)))
		key, r, err := g.StoreKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		header := sealing.Header{Generation: 1, ExpiryMS: aSet.Expires.UnixMilli(), LifeMS: hour}
		sealed, err := r.SealSet(key, header, set)
		if err != nil {
			t.Fatal(err)
		}
		entry := share.Entry{Sealed: sealed, Generation: 1, Fingerprint: set.Fingerprint(), ExpiryMS: header.ExpiryMS}
		if out, err := g.Store.Publish(t.Context(), key, share.Publication{Owner: ownerA, Number: 1, Entry: entry}); err != nil || !out.Stored {
			t.Fatal(out, err)
		}
		if l := look(t, g, ownerB); l.Set != nil || l.Junk == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
