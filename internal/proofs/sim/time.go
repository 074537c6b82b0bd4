package sim

import "github.com/evercreds/evercreds/core"

// passTime lets time go by: a little, or just up to where something is due.
func (r *Room) passTime() {
	if r.mode == healthy {
		r.answerAll()
	}
	span := min(r.span(), r.most())
	if r.mode != healthy && r.sometimes(sleeps, 10) {
		if r.sleep(span); !r.countsSleep {
			r.endHoldOff() // to the elapsed clock that was a step of the other
		}
	} else {
		apart := r.apart()
		if r.pass(span); r.apart() != apart {
			r.endHoldOff() // so is drift
		}
	}
	r.log.add("time passed", span, r.now(), core.Decision{})
	if r.last.NextWake <= r.elapsed && !r.sometimes(lostTimers, 4) { // some timers get lost
		r.event("wake")
		r.do("timer", 0, func(s *core.Session) core.Decision { return s.Wake(r.now()) })
	}
}

func (r *Room) span() int64 {
	if oneIn(r.choose, 2) {
		return upTo(r.choose, pick(r.choose, 20, second, 10*second, 10*minute, r.life/4, 2*r.life))
	}
	due := pick(r.choose, r.last.NextWake, r.last.LeaseElapsed, r.notBefore, r.elapsed+r.status(core.StatusHoldOff), r.end())
	if due >= core.Never {
		return second
	}
	return max(0, due-r.elapsed+int64(r.choose.Choose(3))-1)
}

// end is the held set's end on the elapsed clock, as far as the session knows.
func (r *Room) end() int64 {
	if left := r.status(core.StatusRemaining); left < core.Never {
		return r.elapsed + left
	}
	return core.Never
}

func (r *Room) stepWall() {
	if r.mode == anything || r.mode == serverTrue {
		r.setWall(pick(r.choose, -second, second, -minute, minute, -hour, hour, 24*hour, -3650*24*hour))
	}
}

func (r *Room) setWall(by int64) {
	r.clock.step(by)
	r.endHoldOff() // phases may have changed, and with them what binds
	r.log.add("wall clock steps", by, r.now(), core.Decision{})
}

func (r *Room) takeSnapshot() {
	r.invariant14()
	r.taken++
	snap := snapshot{
		number: r.taken, bytes: r.session.AppendSnapshot(nil), now: r.now(), held: r.status(core.StatusSet),
		rejected: map[int64]bool{}, suspect: map[int64]bool{}, checked: map[int64]bool{},
	}
	for t, s := range r.sets {
		snap.rejected[t], snap.suspect[t], snap.checked[t] = s.rejected, s.suspect, s.checked
	}
	r.snapped(snap.number)
	if len(r.snapshots) < 4 {
		r.snapshots = append(r.snapshots, snap)
	} else {
		r.snapshots[r.choose.Choose(4)] = snap
	}
}

// restore ends the process and goes on from a snapshot, which may be old.
func (r *Room) restore() {
	if len(r.snapshots) == 0 {
		return
	}
	snap := r.snapshots[r.choose.Choose(len(r.snapshots))]
	if (r.mode == anything || r.mode == wallTrue) && oneIn(r.choose, 3) {
		r.restart()
	}
	r.seeds++
	r.restoredFrom(snap.number)
	var d, same core.Decision
	if r.session, d, r.err = core.Restore(snap.bytes, r.now(), r.seeds); r.err != nil {
		r.fail(14, "not restored: %v", r.err)
		return
	}
	r.twin, same, _ = core.Restore(snap.bytes, r.now(), r.seeds)
	if same != d {
		r.fail(11, "twins differ after Restore")
	}
	for t, s := range r.sets {
		s.rejected, s.wall = snap.rejected[t], 0 // it may have been re-anchored since
		s.suspect, s.checked = snap.suspect[t], snap.checked[t]
		s.installed, s.spaced = -1, 0
	}
	for _, a := range r.running {
		a.foreign = true
	}
	if r.status(core.StatusSet) != snap.held {
		r.fail(14, "another set is held after Restore")
	}
	r.endHoldOff()
	r.failures, r.quick, r.strikes, r.spacedUntil = 0, 0, -1, 0
	r.knocks, r.lastRetry, r.unsure, r.deaf = 0, 0, true, nil
	r.epoch, r.bypass, r.previous, r.restored = 0, true, nil, true
	r.log.add("restore", snap.now.Elapsed, r.now(), d)
	r.observe(d)
	for i := range r.waiters {
		r.waiters[i].called = true
	}
}

// restart is a reboot: the elapsed clock begins anew.
func (r *Room) restart() {
	to := upTo(r.choose, minute)
	for _, s := range r.sets {
		if s.elapsed < core.Never {
			s.elapsed += max(0, to-r.elapsed)
		}
	}
	r.reboot(to)
}

// drawDrift gives a clock that no promise rests on a rate of its own: that of a
// quartz, that of a bad one, that of a virtual machine gone wrong.
func (r *Room) drawDrift(c Chooser) {
	if !r.has(drifts) || oneIn(c, 2) {
		return
	}
	rate := pick[int64](c, 20, -20, 500, -500, 100_000, -100_000)
	switch r.mode {
	case serverTrue:
		r.wallDrift.millionths = rate
	case wallTrue:
		r.elapsedDrift.millionths = rate
	case anything:
		r.wallDrift.millionths, r.elapsedDrift.millionths = rate, pick(c, 0, rate, -rate)
	}
}
