package core

import "errors"

// SnapshotBytes is enough for any snapshot.
const SnapshotBytes = 1024

// The errors of Restore.
var (
	ErrSnapshot        = errors.New("evercreds: not a snapshot, or a damaged one")
	ErrSnapshotVersion = errors.New("evercreds: the snapshot is of another version")
)

const (
	snapshotMagic   = 0x43564531 // "1EVC"
	snapshotVersion = 2
)

// codec walks over the fields of a session in one fixed order, in either
// direction, so that writing and reading cannot drift apart. Every field takes
// eight bytes, little endian.
type codec struct {
	b       []byte
	reading bool
	short   bool
}

//go:noinline
func (c *codec) word(v *uint64) {
	if !c.reading {
		for i := range 8 {
			c.b = append(c.b, byte(*v>>(8*i)))
		}
		return
	}
	if len(c.b) < 8 {
		c.short = true
		return
	}
	*v = 0
	for i := range 8 {
		*v |= uint64(c.b[i]) << (8 * i)
	}
	c.b = c.b[8:]
}

func (c *codec) ints(fields ...*int64) {
	for _, f := range fields {
		w := uint64(*f)
		c.word(&w)
		*f = int64(w)
	}
}

func (c *codec) flags(fields ...*bool) {
	for _, f := range fields {
		w := uint64(truth(*f))
		c.word(&w)
		c.short = c.short || w > 1
		*f = w == 1
	}
}

// choice checks a small enumeration on reading.
//
//go:noinline
func choice[T ~int32](c *codec, f *T, most T) {
	w := uint64(*f)
	c.word(&w)
	if w > uint64(most) {
		c.short = true
		w = 0
	}
	*f = T(w)
}

func (s *Session) walk(c *codec) {
	s.cfg.walk(c)
	choice(c, &s.stage, stageClosed)
	c.word((*uint64)(&s.rng))
	c.ints(&s.ticket.prefix, &s.ticket.count, &s.seq, &s.now.Wall, &s.now.Elapsed, &s.epoch)
	h := &s.held
	c.ints(&h.ticket, &h.seq, &h.sourceExpiry, &h.wall, &h.elapsed, &h.lifetime)
	c.word(&h.fingerprint)
	c.ints(&h.advisory, &h.mandatory, &h.installed)
	c.flags(&h.rejected, &h.bypassed, &h.suspect, &h.checked)
	c.ints(&h.spaced, &s.strikes, &s.degradedFailures)
	for i := range s.rejected {
		c.word(&s.rejected[i])
	}
	at := int64(s.rejectedAt)
	c.ints(&at, &s.rejections, &s.spaced)
	s.rejectedAt = int(uint64(at) % uint64(len(s.rejected)))
	s.quiet.walk(c)
	s.required.walk(c)
	s.last.walk(c)
	c.ints(&s.static, &s.stalled, &s.idleFrom)
	c.flags(&s.degraded, &s.warned)
	n := &s.counts
	c.ints(&n.starts, &n.installs, &n.failures, &n.timeOuts, &n.unknown, &n.late, &n.noProgress, &n.rejected)
	if s.shares() {
		s.share.walk(c)
	}
}

func (f *config) walk(c *codec) {
	choice(c, &f.policy, AWS2026)
	choice(c, &f.method, 1<<30)
	choice(c, &f.stability, Static)
	c.ints(&f.advisory, &f.mandatory, &f.timeout, &f.maxStale, &f.maxWait)
	c.flags(&f.auto, &f.inline, &f.jitter, &f.deferred, &f.attended)
	given := int64(f.given)
	c.ints(&given)
	f.given = uint32(given)
	if f.has(OptShare) {
		choice(c, &f.share, Exclusive)
		c.ints(&f.shareTurn, &f.shareWait, &f.shareCall, &f.sharePoll, &f.shareMeet)
	}
}

func (l *ladder) walk(c *codec) {
	l.failure.walk(c)
	c.ints(&l.failures, &l.until)
}

func (f *failure) walk(c *codec) {
	c.ints(&f.ticket)
	choice(c, &f.code, CodeShareLock)
	choice(c, &f.class, Throttled)
}

// AppendSnapshot appends the session's state to b, except the waiters, the flight
// and the outcomes kept for them. The snapshot holds no secret. A session that was
// not opened has none.
func (s *Session) AppendSnapshot(b []byte) []byte {
	if s.stage == stageNew {
		return b
	}
	c := codec{}
	head := uint64(snapshotMagic)<<32 | snapshotVersion
	c.word(&head)
	s.walk(&c)
	sum := checksum(c.b)
	c.word(&sum)
	return append(b, c.b...)
}

// Restore makes a session that continues where the snapshot was taken, also in
// another process or after a reboot. The seed must be fresh: the tickets of the new
// session come from it. All leases end.
func Restore(b []byte, now Now, seed uint64) (*Session, Decision, error) {
	c := codec{b: b, reading: true}
	var head, sum uint64
	c.word(&head)
	if c.short || head>>32 != snapshotMagic {
		return nil, Decision{}, ErrSnapshot
	}
	if uint32(head) != snapshotVersion {
		return nil, Decision{}, ErrSnapshotVersion
	}
	s := New()
	s.walk(&c)
	body := len(b) - len(c.b)
	c.word(&sum)
	if c.short || len(c.b) != 0 || sum != checksum(b[:body]) || !s.sound() {
		return nil, Decision{}, ErrSnapshot
	}
	for _, n := range s.counters() {
		*n = min(*n, maxCount/2) // a snapshot that is accepted now is accepted after more events, too
	}
	if now = now.clamped(); now.Elapsed < s.now.Elapsed {
		s.rebase(now)
	}
	s.now = now
	s.seed(seed)
	s.epoch++
	s.begin(now)
	return s, s.end(), nil
}

// checksum is FNV-1a. It finds damage, not malice.
func checksum(b []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}

// maxCount bounds the counters of a snapshot; no session lives long enough to reach it.
const maxCount int64 = 1 << 50

func (s *Session) counters() []*int64 {
	n := &s.counts
	return []*int64{
		&s.quiet.failures, &s.required.failures, &s.rejections, &s.epoch, &s.seq, &s.held.seq,
		&s.strikes, &s.degradedFailures,
		&n.starts, &n.installs, &n.failures, &n.timeOuts, &n.unknown, &n.late, &n.noProgress, &n.rejected,
		&s.share.failures, &s.share.counts.adopted, &s.share.counts.published, &s.share.counts.refused,
		&s.share.counts.calls, &s.share.counts.failures, &s.share.counts.alone,
	}
}

// sound refuses a snapshot that no session can have written, so that arithmetic on
// the restored numbers cannot overflow.
func (s *Session) sound() bool {
	for _, n := range s.counters() {
		if !within(0, maxCount, *n) {
			return false
		}
	}
	h, c := &s.held, &s.cfg
	return s.shareSound() && s.stage != stageNew && c.method > 0 && (h.ticket != 0 || *h == set{}) &&
		within(0, 12*hour, c.advisory, c.mandatory, h.advisory, h.mandatory) && h.mandatory <= h.advisory &&
		(c.auto || c.mandatory <= c.advisory) && within(1, 12*hour, c.timeout) && within(0, Never, c.maxStale) && within(0, hour, c.maxWait) &&
		within(-maxInstant, maxInstant, s.now.Wall) && within(0, maxInstant, s.now.Elapsed) &&
		within(0, Never-1, h.ticket, s.last.ticket, s.required.ticket) &&
		within(0, Never, h.sourceExpiry, h.lifetime) &&
		within(-maxInstant, Never, h.wall, h.elapsed) && (h.wall == Never) == (h.elapsed == Never) &&
		within(-maxInstant, 3*maxInstant, h.installed, h.spaced, s.spaced, s.static, s.stalled, s.idleFrom,
			s.quiet.until, s.required.until)
}

//go:noinline
func within(least, most int64, values ...int64) bool {
	for _, v := range values {
		if v < least || v > most {
			return false
		}
	}
	return true
}

// rebase moves all instants of the elapsed clock to a clock that began anew (another
// boot, another machine), by the time that has passed on the wall clock. The set's
// end moves along: the old clock's end still holds if the wall clock was set back
// before the snapshot.
func (s *Session) rebase(now Now) {
	by := now.Elapsed - s.now.Elapsed - max(0, now.Wall-s.now.Wall)
	instants := []*int64{&s.spaced, &s.quiet.until, &s.required.until, &s.static, &s.stalled, &s.idleFrom, &s.share.until, &s.share.again}
	s.share.dated, s.share.anchor = false, 0 // the wall clock alone tells how long this took
	if s.held.ticket != 0 {
		instants = append(instants, &s.held.elapsed, &s.held.installed, &s.held.spaced)
	}
	for _, at := range instants {
		*at = max(add(*at, by), -maxInstant)
	}
}
