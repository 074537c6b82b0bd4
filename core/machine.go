package core

// stage is where a session is in its own life.
type stage int32

const (
	stageNew stage = iota
	stageOpen
	stageClosed
)

// Session is one source of credentials and the machine that keeps it fresh. It
// is not safe for concurrent use: the host brings the lock.
type Session struct {
	_ [0]func() // not comparable: nobody compares sessions, and the module is smaller

	out Decision // being made for the event in hand

	// What an event of a calm session reads and writes lies together, in one cache
	// line: of many sessions, each piece elsewhere would be a miss more.
	calm  Now // until here
	now   Now // the last pair seen
	epoch int64
	held  set

	stage    stage
	degraded bool  // a required refresh failed, and the held set stays in use
	warned   bool  // explicit windows had to shrink, and that was noted
	told     int64 // the epoch that the last decision told
	cfg      config
	lost     [2]lostAttempt

	flight   flight
	required ladder // attempts that somebody waited for
	last     failure

	quiet    ladder // advisory attempts: delays no caller that must wait
	static   int64  // "static" with a held set: no attempt before here
	stalled  int64  // after a reply without progress: no attempt before here
	idleFrom int64  // eager: no attempt without a caller before here
	rng      prng
	ticket   tickets
	seq      int64 // flights started, in order

	outcomes [8]outcome
	oldest   int // the place in outcomes to be overwritten next

	rejected   [8]uint64 // fingerprints
	rejectedAt int       // the place to be overwritten next
	rejections int64     // in a row, each within a minute of its install
	spaced     int64     // no attempt for a rejected set before here
	strikes    int64     // sets in a row that were reported soon after their install

	degradedFailures int64 // those since, which nobody waited for

	share  sharing
	counts counters
}

type counters struct {
	starts, installs, failures, timeOuts int64
	unknown, late, noProgress, rejected  int64
}

// New makes a session that takes options and is then opened.
func New() *Session { return &Session{} }

// Method is the session's method, once it is open.
func (s *Session) Method() Method { return s.cfg.method }

// Set sets one option of a session that is not open yet. A refused value
// (*OptionError) changes nothing.
func (s *Session) Set(o Option, value float64) error {
	if s.stage != stageNew || o <= 0 || o >= optEnd {
		return &OptionError{o}
	}
	return s.cfg.set(o, value)
}

// Open checks the options against each other and starts the machine. An eager
// session starts its first flight here. The seed feeds the session's own PRNG
// and the high bits of its tickets; it must be fresh for each session.
func (s *Session) Open(now Now, seed uint64) (Decision, error) {
	if s.stage != stageNew {
		return Decision{}, &OptionError{}
	}
	cfg := s.cfg
	if err := cfg.finish(); err != nil {
		return Decision{}, err
	}
	s.cfg, s.stage, s.now = cfg, stageOpen, now.clamped()
	s.seed(seed)
	s.begin(now)
	if s.flight.ticket == 0 && !s.cfg.deferred && !s.cfg.attended {
		s.start(s.now, CauseIdle) // inline hosts too: at Open, the host is running
	}
	return s.end(), nil
}

func (s *Session) seed(seed uint64) {
	s.rng = prng(seed)
	s.ticket.reseed(s.rng.next())
}

// Close answers the waiters with CodeClosed and cancels the flight. Every later
// event gets the same code. A closed session holds nothing and waits for nothing;
// its counters stay.
func (s *Session) Close() Decision {
	flight, cancelled, epoch := s.flight.ticket, int64(0), s.epoch
	if s.inAir() {
		cancelled = flight
	}
	if s.stage == stageOpen {
		epoch++
	}
	*s = Session{
		cfg: s.cfg, stage: stageClosed, rng: s.rng, ticket: s.ticket, seq: s.seq, now: s.now,
		epoch: epoch, told: s.told, share: s.leaveGroup(), counts: s.counts, out: nothing(),
	}
	s.out.Settled, s.out.Cancelled = flight, cancelled
	return s.end()
}

// Wake does what is due: it times flights out and, in an eager session, starts
// the refresh that is due without a caller.
func (s *Session) Wake(now Now) Decision {
	if s.staysCalm(now) {
		return s.calmly()
	}
	s.begin(now)
	return s.end()
}

// begin opens an event: it takes the time, and does first what Wake would do.
// It reports whether the session takes events at all.
func (s *Session) begin(now Now) bool {
	s.out = nothing()
	if s.stage != stageOpen {
		return false
	}
	s.tick(s.at(now))
	return true
}

// at records the time of an event. Callers on several threads read the clock
// before they take the host's lock, so a reading may be older than the last.
func (s *Session) at(now Now) Now {
	now = now.clamped()
	now.Elapsed = max(now.Elapsed, s.now.Elapsed)
	s.now = now
	return now
}

func (s *Session) tick(now Now) {
	for i := range s.lost {
		if l := &s.lost[i]; l.ticket != 0 && now.Elapsed >= l.until {
			*l = lostAttempt{}
			s.out.Notes |= NoteWrittenOff
		}
	}
	if s.inAir() && now.Elapsed >= s.flight.deadline {
		s.timeOut(now)
	}
	if s.shares() {
		s.tickShare(now)
	}
	if s.flight.ticket == 0 && s.idleAt(now) <= now.Elapsed {
		s.start(now, CauseIdle)
	}
}

// end closes an event with what every decision carries.
func (s *Session) end() Decision {
	if s.stage == stageClosed {
		s.out.Kind, s.out.Code = Error, CodeClosed
	}
	s.out.Void = truth(s.epoch != s.told || s.out.Settled != 0 || s.stage == stageClosed)
	s.out.Epoch, s.told = s.epoch, s.epoch
	s.out.Held = s.held.ticket
	s.out.Phase = s.held.phase(s.now)
	if s.shares() {
		s.tellShare()
	}
	s.out.NextWake = s.nextWake()
	s.calm = s.calmUntil()
	return s.out
}

// nothing is the decision that an event starts from.
//
//go:noinline
func nothing() Decision {
	return Decision{
		LeaseElapsed: Never, LeaseWall: Never, Expiry: Never,
		Deadline: Never, RetryAt: Never, StartDeadline: Never, NextWake: Never, ShareUntil: Never,
	}
}

// nextWake is the next instant at which something is due by itself.
func (s *Session) nextWake() int64 {
	switch {
	case s.stage != stageOpen:
		return Never
	case s.shares():
		return s.shareWake(s.now)
	case s.flight.ticket != 0:
		return s.flight.deadline
	}
	return s.idleAt(s.now)
}

// idleAt is when an eager session starts a refresh without a caller. It is never in
// hosts that freeze between calls (inline) and in attended sessions.
func (s *Session) idleAt(now Now) int64 {
	if s.cfg.deferred || s.cfg.inline || s.cfg.attended {
		return Never
	}
	at := now.Elapsed
	if s.held.ticket != 0 && !s.held.rejected {
		if s.held.endless() {
			return Never
		}
		at += max(0, s.held.remaining(now)-s.held.advisory)
	}
	return max(at, s.idleFrom, s.quietUntil())
}
