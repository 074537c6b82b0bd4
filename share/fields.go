package share

import (
	"strings"
	"time"
)

// fields are a record as engines keep it. What does not parse is not there.
type fields struct {
	number       int64
	owner        string
	turnEndsMS   int64 // 0: no turn runs
	entry        Entry
	notice       []byte
	noticeEndsMS int64
}

const (
	largest     = 1<<53 - 1 // the largest integer of a record
	generations = 1 << 52   // numbers of turns and generations are below it
	ownerDigits = 32
)

// sound drops what no program of the contract can have written.
func (f fields) sound() fields {
	if !isNumber(f.number) || !isInteger(f.turnEndsMS) || f.owner != "" && !isHex(f.owner, ownerDigits) {
		f.number, f.owner, f.turnEndsMS = 0, "", 0
	}
	if e := f.entry; len(e.Sealed) == 0 || len(e.Sealed) > MaxSealed || !isNumber(e.Generation) || !isInteger(e.ExpiryMS) {
		f.entry = Entry{}
	}
	if len(f.notice) == 0 || len(f.notice) > MaxSealed || !isInteger(f.noticeEndsMS) {
		f.notice, f.noticeEndsMS = nil, 0
	}
	return f
}

func isNumber(n int64) bool { return n >= 0 && n < generations }

func isInteger(n int64) bool { return n >= 0 && n <= largest }

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

// clock is a store's clock, which may tell time in steps: the true time is from now to
// latest.
type clock struct{ now, latest int64 }

// turnLeft is what is left of a turn that runs, at least a millisecond, or 0.
func (c clock) turnLeft(endsMS int64) time.Duration {
	if endsMS <= c.now {
		return 0
	}
	return ms(max(1, endsMS-c.latest))
}

func ms(n int64) time.Duration { return time.Duration(min(n, maxSpanMS)) * time.Millisecond }

// maxSpanMS keeps a forged end from overflowing a duration.
const maxSpanMS = int64(1<<63-1) / int64(time.Millisecond)

// record is what a caller sees of the fields.
func (f fields) record(c clock) Record {
	return Record{
		Number: f.number, Owner: f.owner, TurnLeft: c.turnLeft(f.turnEndsMS), Entry: f.entry,
		Notice: f.notice, NoticeLeft: ms(max(0, f.noticeEndsMS-c.now)),
	}
}
