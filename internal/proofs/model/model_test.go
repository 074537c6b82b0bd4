package model_test

import (
	"fmt"

	"github.com/evercreds/evercreds/core"
)

const (
	second int64 = 1000
	minute       = 60 * second
)

// model is what the text says that a session remembers.
type model struct {
	options
	now    core.Now
	closed bool
	epoch  int64
	told   int64 // the epoch that was told last

	held     *set
	flight   *attempt
	lost     []*attempt // timed out, and may still be running; oldest first
	outcomes []outcome  // of the last eight flights
	rejected []uint64   // the last eight rejected fingerprints

	// Instants on the elapsed clock before which nothing starts, each with its
	// own reason, and the failures that lengthen the ladders.
	advisoryUntil   int64
	requiredUntil   int64
	degradedUntil   int64 // after attempts that nobody waits for, once degraded
	staticUntil     int64
	noProgressUntil int64
	spacedUntil     int64
	guessed         bool // advisoryUntil may be earlier: a longer hold-off hid what was drawn
	advisoryFails   int64
	requiredFails   int64
	unseenFails     int64

	requiredError outcome // what Ask answers before requiredUntil
	lastError     outcome // of whatever attempt
	degraded      bool
	idleFrom      int64 // no fetch with nobody asking before here
	streak        int64 // sets in a row that were rejected within a minute
	strikes       int64 // sets in a row that were reported within ten minutes
	warned        bool  // windows that shrank were noted

	counts map[core.Field]int64

	share sharing
	need  core.Need // of the caller who asks

	see *observed // of the event that is being told
	d   core.Decision
	err error
}

// set is the credentials held.
type set struct {
	ticket      int64
	fingerprint uint64
	expiry      int64 // as the source counts
	wall        int64 // the deadline on the wall clock
	elapsed     int64 // the deadline on the other
	lifetime    int64
	advisory    int64
	mandatory   int64
	fetched     int64 // when its flight started, on the elapsed clock
	installed   int64
	rejected    bool
	suspect     bool  // a service refused it to somebody
	checked     bool  // weak evidence against it was followed
	noneBefore  int64 // who reports it gets no attempt before here
	passed      bool  // an attempt has gone past a hold-off because of it
}

// attempt is a flight.
type attempt struct {
	ticket   int64
	cause    core.Cause
	start    core.Now
	deadline int64
	givenUp  int64 // when it counts as dead, once it has timed out
	required bool  // somebody waits for it
	forced   bool
	reporter bool      // one who needs another set waits for it
	need     core.Need // of the reporter for whom it was started
	answered bool      // a late answer of another has served its waiters
	grounded bool      // it shares, and the source is not called yet
	meeting
}

// outcome is how a flight ended.
type outcome struct {
	ticket   int64
	code     core.Code // CodeNone: a set was brought, or the held one confirmed
	class    core.Class
	required bool
	retryAt  int64
	serves   bool // the held set is handed out all the same
	// confirmed: no failure, the source had nothing newer than the held set.
	confirmed bool
}

// observed is what the model takes over from the machine: draws and tickets.
type observed struct {
	ticket   int64                    // that was given to a flight that was started
	quiet    func() int64             // the hold-off of attempts that nobody waits for
	required func(ticket int64) int64 // when the hold-off ends that binds those who wait
	over     bool                     // a set was installed later in the same event: hold-offs are gone
	advisory int64                    // window of the held set
	call     int64                    // the number that was given to a call of the store
	peek     func(...string) int64    // a draw that no answer tells
}

func (m *model) wrong(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// left is the remaining time R, the smaller of what the two clocks say.
func (m *model) left() int64 {
	if m.held.expiry == core.Never {
		return core.Never
	}
	return min(m.held.wall-m.now.Wall, m.held.elapsed-m.now.Elapsed)
}

func (m *model) phase() core.Phase {
	switch h := m.held; {
	case h == nil:
		return core.PhaseEmpty
	case m.left() <= 0:
		return core.PhaseExpired
	case m.left() <= h.mandatory:
		return core.PhaseMandatory
	case m.left() <= h.advisory:
		return core.PhaseAdvisory
	}
	return core.PhaseFresh
}

// quietUntil is when an attempt that nobody waits for may start.
func (m *model) quietUntil() int64 { return m.quietAlone(m.share.again) }

// quietAlone is the same if others hold it off until an instant.
func (m *model) quietAlone(others int64) int64 {
	until := max(m.holdOffs(), others, m.quietRoomAt())
	if m.held != nil && m.held.rejected {
		until = max(until, m.spacedUntil)
	}
	if m.held == nil || m.advisoryFails == 0 {
		return until
	}
	// After a failure none starts within 10 s of Mandatory.
	mandatory := m.now.Elapsed + m.left() - m.held.mandatory
	if start := max(until, m.now.Elapsed); start < mandatory && start > mandatory-10*second {
		return mandatory
	}
	return until
}

func (m *model) holdOffs() int64 {
	return max(m.advisoryUntil, m.requiredUntil, m.degradedUntil, m.staticUntil, m.noProgressUntil)
}

// refusedTo tells whether the held set is the one that a service refused to this
// caller.
func (m *model) refusedTo(n core.Need) bool {
	return n.Evidence != core.EvidenceNone && m.policy != core.AWS2026 && m.held != nil && m.held.fingerprint == n.Other
}

// servable tells whether the held set may be handed to a caller at all.
func (m *model) servable(n core.Need) bool {
	if m.held == nil || m.refusedTo(n) || n.MinTTL > 0 && m.left() < n.MinTTL {
		return false
	}
	if m.stability == core.Static {
		return m.left() > 0 || m.maxStale == core.Never || m.left()+m.maxStale > 0
	}
	return m.left() > 0 && !m.held.rejected
}

// mustWait tells whether the caller cannot simply be served.
func (m *model) mustWait(n core.Need) bool {
	return m.held == nil || m.held.rejected || m.phase() >= core.PhaseMandatory || m.left() < n.MinTTL
}

// goesOn is the state of until_expiry in which nobody waits any more.
func (m *model) goesOn(n core.Need) bool {
	return m.stability == core.UntilExpiry && m.degraded && m.servable(n)
}

// event begins every event: the time, and what Wake would do.
func (m *model) event(now core.Now, see *observed) {
	m.see, m.d = see, core.Decision{}
	if m.closed {
		return
	}
	m.now = core.Now{Wall: now.Wall, Elapsed: max(now.Elapsed, m.now.Elapsed)}
}

// finish fills in what every decision says.
func (m *model) finish() core.Decision {
	if m.closed {
		m.d.Kind, m.d.Code = core.Error, core.CodeClosed
	}
	if m.held != nil {
		m.d.Held = m.held.ticket
	}
	if m.epoch != m.told || m.d.Settled != 0 || m.closed {
		m.d.Void = 1
	}
	m.told = m.epoch
	m.tellStore()
	m.d.Epoch, m.d.Phase, m.d.NextWake = m.epoch, m.phase(), m.nextWake()
	return m.d
}
