package group

import (
	"fmt"

	"github.com/evercreds/evercreds/core"
)

// Action is one thing that may happen next.
type Action struct {
	what   what
	member int
	call   int
}

type what int

const (
	storeDoes what = iota
	answerLost
	staleRead
	answerComes
	sourceAnswers
	sourceFails
	sourceHangs
	timer
	callerAsks
	callerAnswered
	told
	crash
	pause
	resume
	timePasses
	storeDown
	storeUp
	failover
	flush
	tamper
	forge
	revoke
	callerForces
	callerNeeds
	restore
	lateDoes
)

// isOfProcess tells whether this is a process's own step: else it is the store's, or time's.
func (a what) isOfProcess() bool {
	return a > staleRead && a <= resume || a >= callerForces && a <= restore
}

var names = [...]string{
	"the store does", "the answer is lost of", "a stale replica answers", "an answer comes", "the source answers", "the source fails",
	"the source hangs", "a timer", "a caller asks", "a caller is answered", "told that its set is refused", "crash", "pause", "resume",
	"time passes", "the store is down", "the store is up", "failover", "flush", "tampering", "a forged turn", "revocation", "a caller forces a refresh", "a caller needs more time", "restore", "the store does a call that was given up,",
}

func (r *Room) say(a Action) string {
	m := &r.members[a.member]
	switch a.what {
	case storeDoes, answerLost, answerComes:
		return fmt.Sprintf("%7d  %d: %s call %d (%d)", r.now, a.member, names[a.what], m.calls[a.call].share, a.call)
	}
	return fmt.Sprintf("%7d  %d: %s", r.now, a.member, names[a.what])
}

// Actions are all that may happen next. Time passes only where nothing is due.
func (r *Room) Actions() []Action {
	var all []Action
	urgent := false
	for i := range r.members {
		due := len(all)
		all = r.stepsOf(i, all)
		urgent = urgent || len(all) > due && r.members[i].runs() && all[due].what < callerForces
		all = r.faultsOf(i, all)
	}
	all = r.storeFaults(all)
	if !urgent && r.now < r.plan.Horizon {
		all = append(all, Action{what: timePasses})
	}
	return all
}

// stepsOf are the steps that a process, or the store for it, is due to make.
func (r *Room) stepsOf(i int, all []Action) []Action {
	m := &r.members[i]
	if m.dead {
		return all
	}
	answers := false
	for c := range m.calls {
		switch k := &m.calls[c]; {
		case k.share == core.ShareNone, r.now < k.readyAt:
		case !k.done:
			all = append(all, Action{storeDoes, i, c})
		case !m.paused && !(answers && r.plan.polite()):
			all = append(all, Action{answerComes, i, c})
			answers = true
		}
	}
	if m.paused || answers && r.plan.polite() {
		return all
	}
	if m.flight != 0 && r.now >= m.landing {
		all = append(all, Action{what: sourceAnswers, member: i})
	}
	if r.now >= m.wake {
		all = append(all, Action{what: timer, member: i})
	}
	switch {
	case m.waits != 0 && m.settled:
		all = append(all, Action{what: callerAnswered, member: i})
	case m.waits == 0 && r.now >= m.nextAsk:
		all = append(all, Action{what: callerAsks, member: i})
	case m.waits == 0 && r.plan.Odd:
		all = append(all, Action{callerForces, i, 0}, Action{callerNeeds, i, 0}, Action{restore, i, 0})
	}
	if m.held != 0 && m.held <= r.revoked && !m.rejected {
		all = append(all, Action{what: told, member: i})
	}
	return all
}

func (r *Room) faultsOf(i int, all []Action) []Action {
	m, f := &r.members[i], &r.faults
	add := func(may bool, a what, call int) {
		if may {
			all = append(all, Action{a, i, call})
		}
	}
	if m.dead {
		return all
	}
	for c, k := range m.calls {
		sent := k.share != core.ShareNone && !k.done
		add(sent && f.Lost > 0, answerLost, c)
		add(sent && f.Stale > 0 && k.share == core.ShareLook && r.store.before != r.store.record, staleRead, c)
	}
	add(m.paused, resume, 0)
	busy := m.flight != 0 || m.waits != 0 || m.calls[0].share != core.ShareNone || m.calls[1].share != core.ShareNone
	add(!m.paused && f.Pause > 0 && busy, pause, 0)
	add(f.Crash > 0 && busy, crash, 0)
	add(!m.paused && f.SourceFails > 0 && m.flight != 0 && r.now >= m.landing, sourceFails, 0)
	add(f.Hang > 0 && m.flight != 0 && m.landing == r.now+r.plan.Flight, sourceHangs, 0)
	return all
}

func (r *Room) storeFaults(all []Action) []Action {
	f, s := &r.faults, &r.store
	add := func(may bool, a what) {
		if may {
			all = append(all, Action{what: a})
		}
	}
	add(f.Down > 0 && !s.down, storeDown)
	add(s.down, storeUp)
	add(f.Failover > 0 && s.before != s.record, failover)
	add(f.Flush > 0 && s.record != record{}, flush)
	add(f.Tamper > 0 && s.entry.set != 0 && !s.entry.junk, tamper)
	add(f.Forge > 0, forge)
	if f.Late > 0 && !s.down {
		for j := range r.givenUp {
			all = append(all, Action{lateDoes, 0, j})
		}
	}
	add(f.Revoke > 0 && len(r.sets)-1 > r.revoked, revoke)
	return all
}
