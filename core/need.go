package core

// Need is what one caller needs of the credentials, and how long it waits.
type Need struct {
	// MinTTL is the time in milliseconds that they must have left; 0: any.
	MinTTL int64
	// Other is the fingerprint of a set that a service refused to this caller,
	// who needs another one. It counts where there is Evidence.
	Other    uint64
	Evidence Evidence
	// Until is how long the caller waits for an attempt to begin, on the elapsed
	// clock: 0 not at all, Never as long as the session lets. What a Decision
	// gives as Until is passed on in the caller's next call.
	Until int64
}

// MaxMinTTL bounds Need.MinTTL: no credentials of AWS's that end are issued for
// longer (GetSessionToken: 36 hours).
const MaxMinTTL = 36 * hour

// patience has a caller wait for the next attempt, where it would be told an
// error that may be over by then. A service's refusal, a permanent error, an
// attempt that died (a fault of the program's, which waiting hides) and a need that
// no set meets are told at once; so is every error where an attempt prompts a
// person, who would be prompted again.
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

// leastPause is how long a caller waits at least, in milliseconds, where no
// hold-off keeps the next attempt from starting at once.
const leastPause = 200
