package share

import (
	"context"
	"errors"
	"time"
)

// Store keeps one record for each key. Each call is atomic for its key. A call may be
// repeated with the same arguments: the second time it changes nothing that matters, and
// answers as the first did. The caller gives a call up when ctx ends; what the store does
// later is harmless. An error says that the call failed, for whatever reason: the session
// then goes on without the store for a while.
//
// Calls come from several goroutines at once. A store keeps nothing that it is given but
// in its engine, and returns bytes that are the caller's.
type Store interface {
	// Read returns the record as it was written last. Without one it returns a [Record] that
	// has the store's clock alone.
	Read(ctx context.Context, key string) (Record, error)

	// Campaign tries for a turn. If a turn runs and is the owner's, it now ends c.Length from
	// now, and keeps its number. If it is another's, nothing changes. If none runs, it is won
	// only if the record's number and its entry's fingerprint are still c.SawNumber and
	// c.SawFingerprint; then the number is one more than the higher of the record's and
	// c.Seen, and the turn ends c.Length from now.
	Campaign(ctx context.Context, key string, c Campaign) (Turn, error)

	// Publish stores an entry by the write rule, in the step in which it writes: if there is
	// none; if it is the very same, by generation and fingerprint; if its generation is not
	// lower, and it expires later or the stored fingerprint is p.Replaces; or if p.Junk names
	// the stored one. Where it is stored, the notice goes. The owner's turn ends, stored or
	// not, unless it has a higher number than p.Number.
	Publish(ctx context.Context, key string, p Publication) (Published, error)

	// Resign ends the owner's turn, unless that has a higher number than r.Number. Only if it
	// ended one, it leaves the notice, if there is one.
	Resign(ctx context.Context, key string, r Resignation) error
}

// Entry is one sealed set, with what the write rule needs to know of it.
type Entry struct {
	Sealed      []byte // at most [MaxSealed] bytes; empty: there is no entry
	Generation  int64  // the highest number of a turn that its writer knew, below 2^52
	Fingerprint uint64 // of the set
	ExpiryMS    int64  // of the set, as its source wrote it, in milliseconds since 1970
}

// Record is what a store keeps under one key. What is absent is zero, and so is what
// cannot be what this package wrote: a number from 2^52 up takes its whole turn or entry
// with it.
type Record struct {
	Number     int64         // the highest number of a turn
	Owner      string        // who has, or had, that turn: 32 hex digits
	TurnLeft   time.Duration // what is left of it, on the store's clock; 0: no turn runs
	Entry      Entry
	Notice     []byte        // a sealed notice of the last leader's failure; empty: there is none
	NoticeLeft time.Duration // what is left of it, on the store's clock; 0: it is over
	// ClockMS is the store's clock, in milliseconds since an instant that stays the same for
	// this store; 0: it has none. It must never be ahead of what the store's next answer
	// tells. A clock of whole seconds tells the second that has begun.
	ClockMS int64
}

// Campaign is what a session says that tries for a turn, or extends its own.
type Campaign struct {
	Owner          string // 32 hex digits, of this session alone
	Seen           int64  // the highest number of a turn that the session has ever seen
	SawNumber      int64  // what the record had at its last look; 0: nothing
	SawFingerprint uint64
	Length         time.Duration // of the turn
	// Exclusive asks for a turn that is a lock: it has no end by time, and nobody takes it
	// over while its process lives. Only a store whose [Figures] have IsLock is asked that.
	Exclusive bool
}

// Turn is the answer to a [Campaign].
type Turn struct {
	Won     bool
	Number  int64         // of the turn that was won, else the record's
	Left    time.Duration // of the turn that runs, whosever it is; 0: none does, so look again
	ClockMS int64         // as in [Record]
}

// Junk names an entry of the store that did not open.
type Junk struct {
	Generation  int64
	Fingerprint uint64
}

// Publication is an entry that a session has for its group.
type Publication struct {
	Owner    string
	Number   int64 // the highest number of a turn that this may end
	Entry    Entry
	Replaces uint64        // the fingerprint of the refused set in whose place Entry's was fetched; 0: none
	Junk     *Junk         // what the last look found and could not open; nil: nothing
	TTL      time.Duration // how long the record must last; a store keeps it for an hour at least
}

// Published is the answer to a [Publication].
type Published struct {
	Stored  bool
	ClockMS int64 // as in [Record]
}

// Resignation ends a turn that came to nothing.
type Resignation struct {
	Owner        string
	Number       int64         // the highest number of a turn that this may end
	Notice       []byte        // sealed, at most [MaxSealed] bytes; empty: none
	NoticeLength time.Duration // how long the notice counts
	TTL          time.Duration // as in [Publication]
}

// Figures are what a store tells of itself, by a method Figures() Figures. A store without
// the method, and a field that is zero, have the defaults.
type Figures struct {
	Call   time.Duration // the bound of a call; default 250 ms
	Poll   time.Duration // the first pause of a caller who follows; default 100 ms
	IsLock bool          // whether a turn is a lock that falls when its process dies, and never before
}

// FiguresOf returns what a store tells of itself, with the defaults filled in.
func FiguresOf(s Store) Figures {
	var f Figures
	if teller, ok := s.(interface{ Figures() Figures }); ok {
		f = teller.Figures()
	}
	if f.Call <= 0 {
		f.Call = 250 * time.Millisecond
	}
	if f.Poll <= 0 {
		f.Poll = 100 * time.Millisecond
	}
	return f
}

// Marker is what a store can do that has IsLock in its [Figures]: it remembers the marks of
// one-time codes that were sent.
type Marker interface {
	// Mark writes a mark, 64 hex digits, and tells whether it is new. One that was written
	// less than five minutes ago, since the machine was booted, is not. After an error no code
	// may be sent.
	Mark(ctx context.Context, key, mark string) (isNew bool, err error)
}

// MaxSealed is the size in bytes of the longest sealed entry or notice.
const MaxSealed = 8 << 10

// ErrUnreadable is wrapped by the error of a store that got an answer which is no record.
var ErrUnreadable = errors.New("share: the store's answer is no record")
