package sim

import "github.com/evercreds/evercreds/core"

// attempt is one flight as the room sees it.
type attempt struct {
	ticket   int64
	cause    core.Cause
	start    core.Now
	truth    int64 // the server's time at the start
	deadline int64
	number   int  // in the order of their starts
	required bool // somebody was told to wait for it
	answered bool // a late answer has served those who waited
	forced   bool
	reporter bool   // one who reports the held set waits for it
	other    uint64 // the set that it is to replace, for who reported it
	weak     bool   // on weak evidence
	lost     bool   // it timed out
	foreign  bool   // of a process that has ended
}

// set is what the source gave.
type set struct {
	ticket      int64
	fingerprint uint64
	expiry      int64 // by the server's clock
	wall        int64 // as the session tells it; 0: not told yet
	elapsed     int64 // the latest end that any reading of the reply allows
	installed   int64 // on the elapsed clock; -1: on that of an earlier boot or process
	rejected    bool
	suspect     bool  // it was reported on strong evidence
	checked     bool  // weak evidence against it was followed
	spaced      int64 // no attempt for who reports it before here
}

// waiter is a caller who was told to wait.
type waiter struct {
	ticket   int64 // 0: for the next attempt to begin
	need     core.Need
	since    int64 // when it first came
	deadline int64
	forced   bool
	inline   bool // runs the refresh itself
	called   bool // was woken, and has not come yet
}

type snapshot struct {
	number   int // in the order in which they were taken
	bytes    []byte
	now      core.Now
	held     int64
	rejected map[int64]bool
	suspect  map[int64]bool
	checked  map[int64]bool
}
