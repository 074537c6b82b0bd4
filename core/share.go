package core

// Share is what a host is to do at the store, where processes meet. The numbers are
// also those of the calls in docs/concepts/sharing.md.
type Share int32

// The calls of a store.
const (
	ShareNone     Share = iota
	ShareLook           // read the record; answer with ShareFound
	ShareCampaign       // try for a turn, or extend the one that this session has; answer with ShareLed
	SharePublish        // write the set; answer with ShareDone
	ShareResign         // end the turn, and leave a notice if there is one; answer with ShareDone
)

// Sharing says whether a session shares its refreshes: OptShare.
type Sharing int32

// The ways of sharing.
const (
	Unshared  Sharing = iota // the default: nothing below happens
	Shared                   // for economy: without the others, a flight goes alone
	Exclusive                // for correctness: no flight without the turn (one-time codes)
)

// ShareState is what a session is to its group: StatusShare.
type ShareState int32

// The states.
const (
	SharingOff       ShareState = iota
	SharingSolo                 // the store failed, and is left alone for a while
	SharingIdle                 // no refresh is under way
	SharingFollowing            // another's refresh is awaited
	SharingLeading              // this session has the turn
)

// StoreFailure says why a call of the store failed.
type StoreFailure int32

// The failures. An entry that cannot be opened is none: it is no entry.
const (
	StoreUnreachable StoreFailure = iota + 1 // no answer in time, or an error instead of one
	StoreUnreadable                          // an answer that is no record
)

// Found is what a look has found: the entry, the turn and the notice of the record.
// What is absent is 0.
type Found struct {
	Expiry      int64  // of the entry's set, as its source wrote it; 0: there is no entry
	Fingerprint uint64 // of that set
	Life        int64  // its whole lifetime
	Left        int64  // what the store's clock leaves of it; Never: the store has no clock
	Generation  int64
	Replaces    uint64 // the fingerprint of the refused set in whose place it was fetched
	Turn        int64  // the highest number of a turn that the record has
	TurnLeft    int64  // what is left of another's turn; 0: none runs, or it is this session's
	Notice      int64  // the last leader's failure: its Class, plus 16 times the failures in a row
	NoticeLeft  int64  // for so long it holds off flights that nobody waits for
}

// sharing is what a session knows of its group beside the flight under way.
type sharing struct {
	seen     int64 // the highest number of a turn or generation ever met
	dated    bool  // the source has told its time
	anchor   int64 // then: its time where the elapsed clock is 0
	failures int64 // of the store, in a row
	until    int64 // no look before here, since the store failed
	again    int64 // no look that nobody waits for before here
	parting  parting
	counts   shareCounters
}

type shareCounters struct {
	adopted, published, refused, calls, failures, alone int64
}

// storeCall is one call of the store. It has no number until the host is told.
type storeCall struct {
	kind   Share
	number int64
	sent   Now
	until  int64 // it counts as failed from here on
}

// noticeCount is the factor of the failures in a row within a notice's number, and
// mostInARow bounds them.
const (
	noticeCount = 16
	mostInARow  = 1 << 20
)

// shares tells whether the session shares its refreshes at all.
func (s *Session) shares() bool { return s.cfg.share != Unshared }

// see keeps the highest number met. Numbers that no store can have given are not kept.
func (h *sharing) see(numbers ...int64) {
	for _, n := range numbers {
		if n < Never-1 {
			h.seen = max(h.seen, n)
		}
	}
}

// shareState is StatusShare.
func (s *Session) shareState(now Now) ShareState {
	switch f := &s.flight; {
	case !s.shares(), s.stage == stageClosed:
		return SharingOff
	case f.turn != 0:
		return SharingLeading
	case s.share.until > now.Elapsed:
		return SharingSolo
	case f.ticket != 0 && f.step == stepFollow:
		return SharingFollowing
	}
	return SharingIdle
}

func (s *Session) shareStatus(f Field, now Now) int64 {
	n := &s.share.counts
	switch f {
	case StatusShare:
		return int64(s.shareState(now))
	case StatusShareTurn:
		return s.share.seen
	case StatusShareAdopted:
		return n.adopted
	case StatusSharePublished:
		return n.published
	case StatusShareRefused:
		return n.refused
	case StatusShareCalls:
		return n.calls
	case StatusShareFailures:
		return n.failures
	case StatusShareAlone:
		return n.alone
	}
	return -1
}
