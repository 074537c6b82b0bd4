package main

import (
	"time"

	"github.com/evercreds/evercreds/core"
)

type flight struct {
	ticket  int64
	ends    time.Duration
	faulted bool
}

type truth struct {
	print uint64
	until time.Duration // as the service sees it
}

// fly starts an attempt. When it ends, and how, is the source's affair.
func (v *virtual) fly(ticket int64) {
	v.flights++
	f := &flight{ticket: ticket, ends: v.now + tick}
	since := v.now - v.origin
	f.faulted = v.cell.row.fault.Kind != revoke && v.origin >= 0 && since >= faultFrom && since < v.until
	if r := v.cell.row.reply; f.faulted {
		switch {
		case r.hangs:
			f.ends = v.now + time.Hour
			// An SDK may give up early, and may have asked again half-way.
			if v.slow > tick {
				f.ends = v.now + timeout/2 + timeout/2*time.Duration(v.seed)/seeds
			}
			if again := timeout / 2; v.slow > tick && since+again >= v.until {
				f.ends, f.faulted = v.now+again, false
			}
		case r.late > 0:
			f.ends = v.now + r.late
		case r.class != core.ClassNone:
			f.ends = v.now + v.slow
			// An SDK that tries again meanwhile may meet a source that is back.
			f.faulted = r.class == core.Permanent || since+v.slow < v.until
		}
	}
	v.current = f
}

// finish gives the machine the source's answer.
func (v *virtual) finish(f *flight) {
	v.current = nil
	r := reply{}
	if f.faulted {
		r = v.cell.row.reply
	}
	if r.hangs {
		r.class = core.Recoverable
	}
	if r.class != core.ClassNone {
		v.effects(v.s.Fail(f.ticket, v.clock(), r.class, core.CodeSource, 0))
		return
	}
	set := truth{uint64(v.flights) + 1, v.now + lifetime}
	if r.fixed {
		set = v.newest
	}
	wall := v.clock().Wall
	expiry := wall + (set.until - v.now + r.shift).Milliseconds()
	if r.past {
		expiry = wall - time.Minute.Milliseconds()
	} else {
		v.newest, v.sets[f.ticket] = set, set
	}
	if v.origin < 0 {
		v.origin = v.now
	}
	// Hosts take the latest instant that a Date can mean: sets end early for them.
	date := (wall+r.shift.Milliseconds())/1000*1000 + 999
	v.effects(v.s.Complete(f.ticket, v.clock(), core.Facts{
		Expiry: expiry, Fingerprint: set.print, Duration: 900_000, ServerTime: date,
	}))
}
