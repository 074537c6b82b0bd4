package main

import "github.com/evercreds/evercreds/core"

// refresh has a session get a set that lasts an hour.
func refresh(s *core.Session, now core.Now) {
	d := s.Force(now)
	fingerprint++
	s.Complete(d.Ticket, now, core.Facts{Expiry: now.Wall + hour, Fingerprint: fingerprint})
}

var fingerprint uint64
