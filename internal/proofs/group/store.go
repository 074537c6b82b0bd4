package group

// record is what the store keeps.
type record struct {
	entry     entry
	number    int64
	owner     int // 0: no turn
	end       int64
	notice    int64
	noticeEnd int64
}

// entry is a set in the store. Set 0 is none.
type entry struct {
	set        int
	ends       int64 // on the store's clock; 0: unknown
	generation int64
	replaces   uint64
	junk       bool
}

// store is the record with its own clock, and what went before for what can go wrong.
type store struct {
	record
	before record // what a failover brings back, and a stale replica shows
	off    int64  // of its clock
	down   bool
}

// answer is what a call of the store brings.
type answer struct {
	failed bool
	record
	left  int64 // of the turn of another
	won   bool
	clock int64
}

func (s *store) clock(now int64) int64 { return now + s.off }

// write keeps what was there before.
func (s *store) write(r record) {
	if r != s.record {
		s.before, s.record = s.record, r
	}
}

func (s *store) read(r record, owner int, now int64) answer {
	a := answer{record: r, clock: s.clock(now)}
	if r.owner != 0 && r.owner != owner {
		a.left = max(0, r.end-a.clock)
	}
	return a
}

// campaign is won if no turn runs and nothing has happened since the look, or if the
// turn is the caller's own.
func (s *store) campaign(p *Plan, owner int, seen int64, saw record, now int64, alive func(int) bool) answer {
	r, clock := s.record, s.clock(now)
	running := r.owner != 0 && r.end > clock
	if p.Exclusive && p.Without != "the lock" { // the kernel drops a dead process's lock, and takes none from a stopped one
		running = r.owner != 0 && alive(r.owner)
	}
	switch {
	case running && r.owner != owner:
		a := answer{record: r, left: max(1, r.end-clock), clock: clock}
		return a
	case running:
		r.end = clock + p.Turn
	case p.Without != "what the look saw" && (r.number != saw.number || r.entry.set != saw.entry.set):
		return answer{record: r, clock: clock}
	default:
		r.number, r.owner, r.end = max(r.number, seen)+1, owner, clock+p.Turn
	}
	s.write(r)
	return answer{record: r, won: true, clock: clock}
}

// publish stores an entry by the write rule, and ends the caller's turn.
func (r *Room) publish(owner int, number, span int64, e entry) answer {
	s := &r.store
	rec, old := s.record, s.record.entry
	fenced := e.generation < old.generation && r.plan.Without != "the generation"
	later := r.sets[e.set].expiry > r.sets[old.set].expiry || r.plan.Without == "the later expiry"
	stored := old.set == 0 || old.junk || e.set == old.set && e.generation == old.generation || !fenced && (later || r.print(old.set) == e.replaces)
	if r.plan.Without == "an end from before" && e.ends != 0 {
		e.ends = s.clock(r.now) + span
	}
	if stored {
		e.generation = max(e.generation, old.generation)
		rec.entry, rec.notice, rec.noticeEnd = e, 0, 0
		r.checkWrite(old, e)
	}
	if rec.owner == owner && (rec.number <= number || r.plan.Without == "the turn's number") {
		rec.owner, rec.end = 0, 0
	}
	s.write(rec)
	return answer{record: rec, won: stored, clock: s.clock(r.now)}
}

func (s *store) resign(owner int, number, notice, span, now int64) answer {
	r := s.record
	if r.owner == owner && r.number <= number {
		r.owner, r.end = 0, 0
		if notice != 0 {
			r.notice, r.noticeEnd = notice, s.clock(now)+span
		}
	}
	s.write(r)
	return answer{record: r, won: true, clock: s.clock(now)}
}
