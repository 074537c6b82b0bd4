package sharetest

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/evercreds/evercreds/share"
)

// step is one call of a case, with what it must answer.
type step struct {
	Call           string // "read", "campaign", "publish", "resign", or "until"
	Key            int
	Owner          string
	Seen           int64
	SawNumber      int64 `json:"saw_number"`
	SawFingerprint print `json:"saw_fingerprint"`
	TurnMS         int64 `json:"turn_ms"`
	Number         int64
	Entry          *entry
	Replaces       print
	Junk           *entry
	TTLMS          int64 `json:"ttl_ms"`
	Notice         []byte
	NoticeMS       int64  `json:"notice_ms"`
	What           string // of "until": "turn_over" or "notice_over"
	Want           want
}

type entry struct {
	Generation  int64
	Fingerprint print
	ExpiryMS    int64 `json:"expiry_ms"`
	Sealed      []byte
}

func (e entry) shared() share.Entry {
	return share.Entry{Sealed: e.Sealed, Generation: e.Generation, Fingerprint: uint64(e.Fingerprint), ExpiryMS: e.ExpiryMS}
}

// want has what is compared; nil is not.
type want struct {
	Won, Stored   *bool
	Number        *int64
	Owner         *string
	Turn          string // "runs", "over" or ""
	TurnAtLeastMS int64  `json:"turn_at_least_ms"`
	Entry         entryOrNone
	Notice        *[]byte
	NoticeCounts  *bool `json:"notice_counts"`
}

type print uint64

func (p *print) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	*p = print(v)
	return err
}

// player plays a case on keys of its own.
type player struct {
	t      *testing.T
	store  share.Store
	owners map[string]string
	keys   [2]string
	ctx    context.Context
}

func newPlayer(t *testing.T, s share.Store, owners map[string]string) *player {
	return &player{t, s, owners, [2]string{newKey(), newKey()}, withMinute(t)}
}

// play makes each call so many times. All of its answers must be what the case wants.
func (p *player) play(steps []step, times int) {
	for i, s := range steps {
		for time := range times {
			if wrong := p.do(s); wrong != "" {
				p.t.Fatalf("step %d, %s of %q (time %d): %s", i+1, s.Call, s.Owner, time+1, wrong)
			}
		}
	}
}

// do makes one call, and tells what is wrong with its answer.
func (p *player) do(s step) string {
	key, w := p.keys[s.Key], s.Want
	switch s.Call {
	case "read":
		if w.Owner != nil && *w.Owner != "" {
			id := p.owners[*w.Owner]
			w.Owner = &id
		}
		r, err := p.store.Read(p.ctx, key)
		return first(failed(err), w.of(r))
	case "campaign":
		t, err := p.store.Campaign(p.ctx, key, share.Campaign{
			Owner: p.owners[s.Owner], Seen: s.Seen, SawNumber: s.SawNumber, SawFingerprint: uint64(s.SawFingerprint), Length: ms(s.TurnMS),
		})
		return first(failed(err), differ("won", t.Won, w.Won), differ("number", t.Number, w.Number), w.turn(t.Left))
	case "publish":
		d, err := p.store.Publish(p.ctx, key, s.publication(p.owners[s.Owner]))
		return first(failed(err), differ("stored", d.Stored, w.Stored))
	case "resign":
		return failed(p.store.Resign(p.ctx, key, share.Resignation{
			Owner: p.owners[s.Owner], Number: s.Number, Notice: s.Notice, NoticeLength: ms(s.NoticeMS), TTL: time.Hour,
		}))
	case "until":
		return p.until(key, s.What)
	}
	return "this call is unknown"
}

func (s step) publication(owner string) share.Publication {
	pub := share.Publication{Owner: owner, Number: s.Number, Entry: s.Entry.shared(), Replaces: uint64(s.Replaces), TTL: ms(s.TTLMS)}
	if s.Junk != nil {
		pub.Junk = &share.Junk{Generation: s.Junk.Generation, Fingerprint: uint64(s.Junk.Fingerprint)}
	}
	return pub
}

// until reads until time has ended what was to end.
func (p *player) until(key, what string) string {
	for {
		r, err := p.store.Read(p.ctx, key)
		if err != nil {
			return failed(err)
		}
		if left := map[string]time.Duration{"turn_over": r.TurnLeft, "notice_over": r.NoticeLeft}[what]; left == 0 {
			return ""
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-p.ctx.Done():
			return "it does not end"
		}
	}
}

// longest is the longest turn and notice of the cases.
const longest = time.Minute

func (w want) turn(left time.Duration) string {
	switch {
	case w.Turn == "runs" && (left <= ms(w.TurnAtLeastMS) || left > longest), w.Turn == "over" && left != 0:
		return fmt.Sprintf("the turn has %s left; it should be: %s", left, w.Turn)
	}
	return ""
}

func (w want) of(r share.Record) string {
	counts := r.NoticeLeft > 0
	if r.NoticeLeft > longest {
		return fmt.Sprintf("the notice has %s left, more than it was given", r.NoticeLeft)
	}
	if w.Notice != nil && !bytes.Equal(*w.Notice, r.Notice) {
		return fmt.Sprintf("the notice is %q, not %q", r.Notice, *w.Notice)
	}
	return first(differ("number", r.Number, w.Number), differ("owner", r.Owner, w.Owner), w.turn(r.TurnLeft), w.Entry.of(r.Entry),
		differ("whether the notice counts", counts, w.NoticeCounts))
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
