package host

import (
	"context"

	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// Group is the store of a session as its host asks it, for the one record in which the
// session's group meets. Behind it sets are sealed and opened. It is foreign code: it may
// panic, and ignore the end of its context.
type Group interface {
	Look(ctx context.Context, owner string) (Looked, error)
	Campaign(ctx context.Context, c share.Campaign) (share.Turn, error)
	Publish(ctx context.Context, p Publication) (share.Published, error)
	Resign(ctx context.Context, r Resignation) error
}

// BeforeStoreError is why a group did not come as far as its store.
type BeforeStoreError struct {
	Trouble string // one of words.StoreTroubles
	Err     error
}

func (e *BeforeStoreError) Error() string { return "before the store was asked: " + e.Err.Error() }

// Unwrap returns what the function for keys, or AWS, answered.
func (e *BeforeStoreError) Unwrap() error { return e.Err }

// Looked is what a look has found.
type Looked struct {
	// Set is that of an entry that opened; nil: there is none.
	Set         *sources.Credentials
	Expiry      int64  // of the set, as its source wrote it, or core.Never
	Fingerprint uint64 // of the set
	Life        int64  // its whole lifetime
	Left        int64  // what the store's clock leaves of it; core.Never: nobody knows
	Generation  int64
	Replaces    uint64

	Turn       int64 // the highest number of a turn
	TurnLeft   int64 // what is left of another's turn; 0: none runs
	Notice     int64 // as in core.Found
	NoticeLeft int64

	// Saw is what the record had, opened or not.
	SawNumber      int64
	SawFingerprint uint64
	Junk           *share.Junk // the entry that it had, which did not open; nil: there is none
	Foreign        bool        // its entry is of another key, or of a newer format
	Met            bool        // another process has written there
	ClockMS        int64       // the store's; 0: it has none
}

// Publication is a set for the group.
type Publication struct {
	Owner       string
	Number      int64 // the highest number of a turn that this may end
	Set         sources.Credentials
	Expiry      int64 // as its source wrote it, or core.Never
	Fingerprint uint64
	Ends        int64 // the same instant on the store's clock; 0: nobody knows
	Life        int64 // the whole lifetime, or core.Never
	Left        int64 // of the set, or core.Never
	Replaces    uint64
	Junk        *share.Junk
}

// Resignation ends a turn.
type Resignation struct {
	Owner  string
	Number int64
	Notice int64 // as in core.Found; 0: none
	Span   int64 // of the notice
}

// visit is what one flight has heard from the store.
type visit struct {
	clock int64 // the store's, in its last answer; 0: it has told none
	at    int64 // when that answer was there
	saw   Looked
	// values are those of the caller whom the flight began with.
	values *values
}

// heard keeps the store's clock of an answer that was there at an instant.
func (v *visit) heard(clock, at int64) {
	if clock > 0 {
		v.clock, v.at = clock, at
	}
}

// ends is when a set ends on the store's clock, of which so much is left now. A pause since
// the last answer makes that earlier, never later.
func (v *visit) ends(now, left int64) int64 {
	if v.clock == 0 || left >= farthest {
		return 0
	}
	return v.clock + (now - v.at) + left
}

// farthest is more than any set lasts that has an end, and than any store's clock tells.
const farthest = int64(1) << 51
