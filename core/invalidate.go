package core

// quickRejection is how soon after its install a rejection points to another fault
// of the client rather than to the set.
const quickRejection = minute

// Invalidate gives a set up for all callers. Unless it names the held set it is
// ignored; otherwise the next Ask takes the required path. The set is marked before
// anything else that is due, so that a flight that ends in this very instant is
// judged against the mark.
func (s *Session) Invalidate(fingerprint uint64, now Now) Decision {
	s.out = nothing()
	if s.stage != stageOpen {
		return s.end()
	}
	now = s.at(now)
	if s.held.ticket == 0 || s.held.fingerprint != fingerprint || s.held.rejected {
		s.out.Notes |= NoteInvalidateIgnored
	} else {
		s.reject(now)
	}
	s.tick(now)
	return s.end()
}

// lasted tells that a rejection of the set would not be a quick one any more.
func (c *set) lasted(now Now) bool { return now.Elapsed-c.installed >= quickRejection }

func (s *Session) reject(now Now) {
	s.held.rejected = true
	s.epoch++
	s.counts.rejected++
	s.out.Notes |= NoteRejected
	s.rejected[s.rejectedAt] = s.held.fingerprint
	s.rejectedAt = (s.rejectedAt + 1) % len(s.rejected)
	if s.held.lasted(now) {
		s.rejections, s.spaced = 0, 0
		return
	}
	s.rejections++
	if s.rejections < 2 {
		return // once may be chance; the caller's retry is to succeed
	}
	s.spaced = now.Elapsed + min(5*second<<min(s.rejections-2, 10), 5*minute)
	s.out.Notes |= NoteSpaced
}
