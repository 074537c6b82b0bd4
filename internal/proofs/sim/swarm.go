package sim

// kind is something that may happen in a history, or be left out of it. Faults hide
// each other: a set that is rejected now and then never grows old, and a machine that
// restarts forgets its failures. So half of the histories are without some kinds, each
// without others.
//
// (Groce and others, Swarm Testing, ISSTA 2012.)
type kind uint

const (
	spareWakes kind = iota // that nothing asked for
	rejections
	forced
	strangers // tickets that were never issued
	prompts
	snapshots
	restores
	wallSteps
	sleeps
	lostTimers
	oddReplies
	failedReplies
	deadAttempts
	outages
	drifts
	needs // of a least time to live
	reports
	patient // callers who wait for the next attempt
	leavers // callers who stop waiting
	kinds
)

// drawWithout chooses what a history is without.
func (s *setup) drawWithout(c Chooser) {
	if oneIn(c, 2) {
		return
	}
	for k := range kinds {
		if oneIn(c, 3) {
			s.without |= 1 << k
		}
	}
}

// has tells whether a kind may happen.
func (s *setup) has(k kind) bool { return s.without&(1<<k) == 0 }

// sometimes is true once in n where the kind may happen, and never where it may not.
func (r *Room) sometimes(k kind, n int) bool { return r.has(k) && oneIn(r.choose, n) }
