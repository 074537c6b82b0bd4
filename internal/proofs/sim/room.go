package sim

import "github.com/evercreds/evercreds/core"

// Room is one session and everybody around it.
type Room struct {
	choose Chooser
	setup
	clock

	session *core.Session
	twin    *core.Session // is told the same, and must answer the same
	last    core.Decision
	epoch   int64 // the highest that was seen
	seeds   uint64
	prints  uint64 // fingerprints given so far

	attempts  map[int64]*attempt // by ticket, over all restores
	running   []*attempt         // not yet reported
	sets      map[int64]*set     // by the ticket that brought them
	waiters   []waiter
	attentive bool // waiters hear it when they are called
	snapshots []snapshot
	taken     int // how many snapshots, over all

	notBefore   int64 // an error told callers that nothing starts before here
	quietBefore int64 // a hold-off was told, so that nothing quiet starts before here
	failures    int   // of attempts that somebody waited for, since all was well
	lastRetry   int64 // the latest that any of those told
	unsure      bool  // an earlier process may have had failures of its own
	pause       int64 // what the failure under way asks for
	strikes     int   // sets in a row that were reported within ten minutes; -1: not known
	quick       int   // sets in a row that were rejected within a minute
	spacedUntil int64 // nothing fetches after such a rejection before here
	downUntil   int64 // the source fails until here, by the server's clock
	downClass   core.Class
	bypass      bool            // the held set was rejected or reported, and its bypass was not used
	weakly      bool            // the caller of the event under way has weak evidence
	knocks      int             // attempts that failed for reporters, since all was well
	givenUp     map[uint64]bool // fingerprints that were ever rejected
	deaf        *core.Session   // as it was before a report; nil: nothing is to be compared
	restored    bool            // by an earlier process; promises about the past end there
	previous    *attempt

	log   log
	trace *recorder                          // nil: the history is not to be written down
	told  func(n core.Need, d core.Decision) // what each caller got in the end; nil: nobody listens
	err   error
}

// enter makes a room and opens its session.
func enter(c Chooser, t *recorder) *Room { return furnish(c, draw(c), t, 60) }

// furnish makes a room of a setup, which keeps so many events, and opens its session.
func furnish(c Chooser, s setup, t *recorder, events int) *Room {
	r := &Room{
		trace: t, choose: c, setup: s, log: log{entries: make([]entry, events)},
		attempts: map[int64]*attempt{}, sets: map[int64]*set{}, givenUp: map[uint64]bool{},
	}
	r.clock = clock{truth: 1_800_000_000_000 + upTo(c, hour), elapsed: upTo(c, hour)}
	r.countsSleep = r.mode == serverTrue || r.mode == healthy || oneIn(c, 2)
	if r.mode == serverTrue || r.mode == anything {
		r.offset = pick(c, 0, 0, -hour, hour, -10*365*24*hour)
	}
	r.drawDrift(c)
	r.seeds = s.seed + 1
	r.opened()
	var d, same core.Decision
	r.session, d, r.err = r.open(r.now(), r.seeds)
	if r.err != nil {
		return r
	}
	r.twin, same, _ = r.open(r.now(), r.seeds)
	if d != same {
		r.fail(11, "twins differ at Open")
	}
	r.log.add("open", int64(r.mode), r.now(), d)
	r.observe(d)
	return r
}

// do tells an event to the session and checks what holds after every event.
func (r *Room) do(what string, arg int64, event func(*core.Session) core.Decision) core.Decision {
	if r.err != nil {
		return core.Decision{}
	}
	held := r.status(core.StatusSet)
	before := *r.session
	flight := r.status(core.StatusFlight)
	d := event(r.session)
	r.log.add(what, arg, r.now(), d)
	if r.trace != nil && r.trace.heard != nil {
		r.trace.heard(what, d)
	}
	r.invariant11(event(r.twin), d)
	r.invariant6(&before, held, what)
	r.hadFlight(flight, d)
	r.heldOffAsBefore(&before, d)
	r.observe(d)
	r.invariant15()
	return d
}

// observe keeps the room's books by the effects of a decision, in the order in
// which they happen within an event.
func (r *Room) observe(d core.Decision) {
	r.last = d
	if d.Epoch < r.epoch {
		r.fail(0, "the epoch went back")
	}
	ends := d.Notes&(core.NoteInstalled|core.NoteRejected) != 0 // all leases, at once
	if ends && d.Epoch == r.epoch {
		r.fail(0, "the epoch has not risen")
	}
	if void := d.Epoch != r.epoch || d.Settled != 0 || d.Code == core.CodeClosed; void != (d.Void == 1) {
		r.fail(0, "leases are void: %d, in epoch %d after %d", d.Void, d.Epoch, r.epoch)
	}
	if d.Held != r.status(core.StatusSet) && d.Code != core.CodeClosed {
		r.fail(10, "set %d is held, and the host is told to keep set %d", r.status(core.StatusSet), d.Held)
	}
	r.epoch = d.Epoch
	if d.Notes&core.NoteRejected != 0 {
		r.held().rejected, r.bypass = true, true
		r.givenUp[r.held().fingerprint] = true
		r.quietBefore = 0
		r.rejectedAt(r.held())
	}
	if d.Notes&core.NoteReported != 0 {
		r.reportedAt(r.held(), d)
		r.bypass = r.bypass || !r.held().rejected
	}
	if d.Notes&(core.NoteWrittenOff|core.NoteReanchored) != 0 {
		r.endHoldOff()
	}
	r.hears(d)
	if a := r.attempts[d.Cancelled]; a != nil && d.Code != core.CodeClosed {
		a.lost = true
	}
	r.paused(d)
	if d.Started != 0 {
		r.started(d)
	}
	if d.Notes&(core.NoteInstalled|core.NoteNoProgress) != 0 {
		r.endHoldOff()
		r.bypass = r.bypass && d.Notes&core.NoteInstalled == 0
	}
	if d.Notes&core.NoteInstalled != 0 || d.Notes&(core.NoteNoProgress|core.NoteFailed|core.NoteFailedQuietly) == core.NoteNoProgress {
		r.wellAgain()
	}
	if d.Notes&(core.NoteNoProgress|core.NoteFailed) == core.NoteNoProgress {
		r.nothingNew()
	}
	if f := r.attempts[r.status(core.StatusFlight)]; f != nil && d.Notes&core.NoteLateInstalled != 0 {
		f.answered = true
	}
	if d.Code != core.CodeClosed {
		r.wake(d.Settled)
	}
}

func (r *Room) started(d core.Decision) {
	a := &attempt{
		ticket: d.Started, cause: d.StartCause, start: r.now(), truth: r.truth, number: len(r.attempts),
		deadline: d.StartDeadline, required: d.Kind == core.Refresh || d.Kind == core.Wait,
		forced: d.StartCause == core.CauseForced,
	}
	if a.cause == core.CauseReported {
		a.other, a.weak = r.held().fingerprint, r.weakly
	}
	r.invariant2(a)
	r.invariant8(a)
	r.invariant9(a)
	if r.attempts[a.ticket] != nil {
		r.fail(14, "ticket %d was issued again", a.ticket)
	}
	r.attempts[a.ticket], r.previous = a, a
	r.running = append(r.running, a)
}

func (r *Room) endHoldOff() { r.notBefore, r.quietBefore = 0, 0 }

// wake calls the waiters of a flight for their answers; some do not hear it, unless
// all are attentive.
func (r *Room) wake(ticket int64) {
	if ticket == 0 {
		return
	}
	for i := range r.waiters {
		if w := &r.waiters[i]; w.ticket == ticket && (r.attentive || !oneIn(r.choose, 8)) {
			w.called = true
		}
	}
}

func (r *Room) held() *set { return r.sets[r.status(core.StatusSet)] }

func (r *Room) status(f core.Field) int64 { return r.session.Status(f, r.now()) }
