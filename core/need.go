package core

// Need is what one caller needs of the credentials, and how long it waits.
type Need struct {
	// MinTTL is the time in milliseconds that they must have left; 0: any.
	MinTTL int64
	// Other is the fingerprint of a set that a service refused to this caller,
	// which needs another one. It counts only with Evidence.
	Other    uint64
	Evidence Evidence
	// Until is until when the caller waits for an attempt to begin, on the elapsed
	// clock: 0 not at all, Never as long as max_wait allows. The caller passes a
	// Decision's Until on in its next call.
	Until int64
}

// MaxMinTTL bounds Need.MinTTL: AWS issues no temporary credentials for longer
// (GetSessionToken: 36 hours).
const MaxMinTTL = 36 * hour

// patience has a caller wait for the next attempt if its error may be over by then.
// Some errors are told at once: a service's refusal, a permanent error, an attempt
// that died (a fault of the program, which waiting would hide), and a need that no
// set meets. So is every error if an attempt prompts a person, who would be prompted
// again.
func (s *Session) patience(now Now, need Need) {
	d := &s.out
	if need.Until <= 0 {
		return
	}
	until := min(need.Until, now.Elapsed+s.cfg.maxWait)
	switch d.Kind {
	case Refresh, RefreshInline, Wait:
		d.Until = until
		return
	case Error:
	default:
		return
	}
	told := d.Class == Permanent || s.cfg.attended || d.Code == CodeMinTTL || d.Code == CodeClosed || d.Code == CodeAbandoned ||
		d.Code == CodeRejected && s.barred(need)
	if at := max(d.RetryAt, now.Elapsed+leastPause); !told && at <= until {
		d.Kind, d.Ticket, d.Deadline, d.Until = Wait, 0, at, until
	}
}

// leastPause is how long a caller waits at least, in milliseconds, if no hold-off
// delays the next attempt.
const leastPause = 200
