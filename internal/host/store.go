package host

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// storeCall is one call of the store, until its answer was put.
type storeCall struct {
	number int64
	kind   core.Share
	until  int64 // it counts as failed from here on
	owner  string
	of     *visit
	cancel context.CancelFunc
	taken  bool                        // its answer was put, or dropped
	there  atomic.Pointer[storeAnswer] // nil: it has none yet
}

// storeAnswer is what a call has come to.
type storeAnswer struct {
	at      int64 // elapsed: when it was there
	clock   int64 // the store's; 0: it has none
	failure core.StoreFailure
	trouble string // of a failure: one of words.StoreTroubles
	looked  Looked
	turn    share.Turn
	stored  bool
}

// mostCalls bounds the calls of a store that ignores the end of their contexts.
const mostCalls = 16

// newOwner draws the name under which a session has its turns.
func newOwner() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// callStore makes the call of the store that a decision asks for, in a goroutine of its
// own, and returns at once. The lock is held.
func (h *Host) callStore(d core.Decision, now core.Now) {
	if h.Group == nil {
		return
	}
	c := &storeCall{number: d.ShareCall, kind: d.Share, until: d.ShareUntil, owner: h.shareOwner, of: h.visitOf(d)}
	ask := h.question(c, d, now)
	if len(h.calls) >= mostCalls {
		ask = func(context.Context) storeAnswer { return noAnswer }
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if h.calls == nil {
		h.calls = map[int64]*storeCall{}
	}
	h.calls[c.number] = c
	h.running.Add(1)
	go h.ask(ctx, c, ask, giveUp(cancel, millis.Until(d.ShareUntil, now.Elapsed)))
}

// giveUp ends a call some time after its bound. An answer that is there then is taken: a
// process that was stopped must not mistake its own sleep for a sick store, so the second
// span begins when the first one was seen to end.
func giveUp(cancel context.CancelFunc, bound time.Duration) *time.Timer {
	var timer *time.Timer
	late := false
	timer = time.AfterFunc(time.Hour, func() {
		if late {
			cancel()
			return
		}
		late = true
		timer.Reset(max(bound, time.Second))
	})
	timer.Reset(bound)
	return timer
}

// visitOf is the visit of the store by the flight that a call is for. A look begins one.
func (h *Host) visitOf(d core.Decision) *visit {
	switch d.Share {
	case core.ShareLook:
		if h.visit == nil {
			h.visit = &visit{values: valuesOf(h.asking)}
		} else { // the flight looks again
			h.visit = &visit{values: h.visit.values}
		}
	case core.SharePublish:
		for _, b := range h.begun {
			if b.ticket == d.ShareSet && b.of != nil {
				return b.of
			}
		}
		return &visit{}
	}
	if h.visit != nil {
		return h.visit
	}
	if n := len(h.begun); n > 0 && h.begun[n-1].of != nil { // it extends its turn
		return h.begun[n-1].of
	}
	return &visit{}
}

// question is what the store is asked. The lock is held, but not when it is asked.
func (h *Host) question(c *storeCall, d core.Decision, now core.Now) func(context.Context) storeAnswer {
	group, saw := h.Group, c.of.saw
	switch d.Share {
	case core.ShareLook:
		return func(ctx context.Context) storeAnswer {
			looked, err := group.Look(ctx, c.owner)
			return storeAnswer{looked: looked, clock: looked.ClockMS}.of(err)
		}
	case core.ShareCampaign:
		campaign := share.Campaign{
			Owner: c.owner, Seen: d.ShareNumber, SawNumber: saw.SawNumber, SawFingerprint: saw.SawFingerprint,
			Length: millis.Duration(d.ShareSpan), Exclusive: h.Exclusive,
		}
		return func(ctx context.Context) storeAnswer {
			turn, err := group.Campaign(ctx, campaign)
			return storeAnswer{turn: turn, clock: turn.ClockMS}.of(err)
		}
	case core.SharePublish:
		p, ok := h.publication(c, d, now)
		if !ok || saw.Foreign { // who has other keys must not fight for the record
			return func(context.Context) storeAnswer { return unreadable }
		}
		return func(ctx context.Context) storeAnswer {
			published, err := group.Publish(ctx, p)
			return storeAnswer{stored: published.Stored, clock: published.ClockMS}.of(err)
		}
	default:
		r := Resignation{Owner: c.owner, Number: d.ShareNumber, Notice: d.ShareNotice, Span: d.ShareSpan}
		return func(ctx context.Context) storeAnswer {
			return storeAnswer{stored: true}.of(group.Resign(ctx, r))
		}
	}
}

// publication is what a decision has for the group.
func (h *Host) publication(c *storeCall, d core.Decision, now core.Now) (Publication, bool) {
	held := h.sets[d.ShareSet]
	life, _ := h.Machine.Status(core.StatusLifetime, now) // of what is held, which is this set
	if held == nil {
		return Publication{}, false
	}
	set := *held
	return Publication{
		Owner: c.owner, Number: d.ShareNumber, Set: set, Expiry: sources.Result{Credentials: set}.ExpiryMilli(), Fingerprint: sources.Fingerprint(set),
		Ends: c.of.ends(now.Elapsed, d.ShareSpan), Life: life, Left: d.ShareSpan,
		Replaces: uint64(d.ReplacesHigh)<<32 | uint64(d.ReplacesLow), Junk: c.of.saw.Junk,
	}, true
}

// Hint says that something may have changed at the store.
func (h *Host) Hint() {
	_, _ = h.put(func(now core.Now) (core.Decision, error) { return h.Machine.ShareHint(now) })
}

// What a call has come to that brought nothing.
var (
	noAnswer   = storeAnswer{failure: core.StoreUnreachable, trouble: words.TroubleTimeout}
	failedCall = storeAnswer{failure: core.StoreUnreachable, trouble: words.TroubleStore}
	unreadable = storeAnswer{failure: core.StoreUnreadable, trouble: words.TroubleRecord}
)

// of is an answer, or what its error is. That is a store's, and so foreign: its methods
// may panic.
func (a storeAnswer) of(err error) storeAnswer {
	if err == nil {
		return a
	}
	err = foreign.Guard(err)
	var before *BeforeStoreError
	switch {
	case errors.As(err, &before):
		return storeAnswer{failure: core.StoreUnreachable, trouble: before.Trouble}
	case errors.Is(err, share.ErrUnreadable):
		return unreadable
	}
	return failedCall
}
