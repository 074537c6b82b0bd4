package group

import (
	"fmt"
	"math/rand/v2"
)

// Random plays one history of a group, of so many steps at most, and gives it back. The
// error has the last steps.
func Random(p *Plan, seed uint64, steps int) (*Room, error) {
	rng := rand.New(rand.NewPCG(seed, 7))
	r, err := newRoom(p, seed, rng)
	if err != nil {
		return nil, err
	}
	var last []string
	for range steps {
		all := r.Actions()
		if len(all) == 0 || r.now >= p.Horizon {
			break
		}
		a := r.draw(all)
		if last = append(last, r.say(a)); len(last) > 60 {
			last = last[1:]
		}
		if err := r.Do(a); err != nil {
			story := ""
			for _, line := range last {
				story += line + "\n"
			}
			return r, fmt.Errorf("seed %d: %w\n%s", seed, err, story)
		}
		r.revive(seed)
	}
	return r, nil
}

// draw chooses a step. Faults are rare: so rare that the group lives well in between.
func (r *Room) draw(all []Action) Action {
	for range 1000 {
		a := all[r.rng.IntN(len(all))]
		rare := 1
		switch a.what {
		case answerLost, staleRead, sourceFails, sourceHangs, lateDoes:
			rare = 30
		case crash, pause, failover, flush, tamper, forge, storeDown:
			rare = 600
		case revoke:
			rare = 1500
		case callerForces, callerNeeds, restore:
			rare = 3000
		case storeUp, resume:
			rare = 40
		}
		if r.rng.IntN(rare) == 0 {
			return a
		}
	}
	return all[0]
}

// revive has processes that died come back as new ones, after a while.
func (r *Room) revive(seed uint64) {
	for i := range r.members {
		if m := &r.members[i]; m.dead && r.plan.Restart && r.rng.IntN(200) == 0 {
			if err := r.begin(i, seed); err != nil {
				r.wrong("S11", "%v", err)
			}
		}
	}
}
