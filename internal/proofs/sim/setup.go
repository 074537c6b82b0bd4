package sim

import "github.com/evercreds/evercreds/core"

// setup is what a room is made of: the session's options, and which faults
// there are.
type setup struct {
	policy    core.Policy
	method    core.Method
	stability core.Stability // in force
	inline    bool           // in force
	eager     bool
	attended  bool
	maxStale  int64 // ms; core.Never: no cap
	maxWait   int64
	explicit  bool // a window was given
	options   []option

	life int64 // what the source usually gives
	mode mode

	seed    uint64 // the machine's; each restart counts it up
	without kind   // a bit for each kind that does not happen
}

type option struct {
	name  core.Option
	value float64
}

// mode says which faults a room has, and so which promises hold there.
type mode int

const (
	anything   mode = iota // every fault at once
	serverTrue             // right server time, an elapsed clock that counts sleep; the wall clock steps
	wallTrue               // the wall clock is right; the elapsed clock may sleep and begin anew
	healthy                // no fault but lost timers
	modes
)

func draw(c Chooser) setup {
	s := setup{
		policy: core.Policy(c.Choose(3)),
		method: pick(c, core.MethodSTS, core.MethodCustom, core.MethodIoT, core.MethodRegistered+3),
		life: pick(c, 2*second, 15*second, 100*second, 15*minute, 20*minute, 21*minute,
			hour, hour, 90*minute, 6*hour, 12*hour),
		mode:     mode(c.Choose(int(modes))),
		maxStale: core.Never,
	}
	s.give(core.OptPolicy, float64(s.policy))
	s.give(core.OptMethod, float64(s.method))
	s.drawStability(c)
	s.drawWindows(c)
	if s.eager = oneIn(c, 3); s.eager {
		s.give(core.OptDeferRefresh, 0)
	}
	if s.attended = oneIn(c, 8); s.attended {
		s.give(core.OptAttended, 1)
	}
	if oneIn(c, 4) {
		s.give(core.OptRefreshTimeout, pick(c, 0.05, 1, 10, 3600))
	}
	s.maxWait = presetWait[s.policy]
	if oneIn(c, 3) {
		wait := pick[int64](c, 0, 2, 60, 3600)
		s.maxWait = wait * second
		s.give(core.OptMaxWait, float64(wait))
	}
	if oneIn(c, 4) {
		s.give(core.OptJitter, float64(c.Choose(2)))
	}
	s.drawWithout(c)
	return s
}

// presetWait is how long callers wait by each policy, in milliseconds.
var presetWait = [...]int64{30 * second, 30 * second, 0}

func (s *setup) drawStability(c Chooser) {
	s.stability = [...]core.Stability{core.UntilExpiry, core.UntilExpiry, core.Static}[s.policy]
	if oneIn(c, 2) {
		s.stability = core.Stability(c.Choose(3))
		s.give(core.OptStability, float64(s.stability))
	}
	if oneIn(c, 3) {
		stale := pick[int64](c, 0, 10, 3600)
		s.maxStale = stale * second
		s.give(core.OptMaxStale, float64(stale))
	}
	s.inline = s.policy == core.AWS2026
	if oneIn(c, 3) {
		s.inline = oneIn(c, 2)
		s.give(core.OptAdvisoryRefresh, map[bool]float64{true: 1}[s.inline])
	}
}

func (s *setup) drawWindows(c Chooser) {
	mandatory := float64(pick(c, 0, 1, 5, 60, 600, 3000))
	advisory := mandatory + float64(pick(c, 0, 1, 9, 60, 300, 3600))
	switch c.Choose(6) {
	case 0:
		s.give(core.OptAdvisoryTimeout, advisory)
		s.explicit = true
	case 1:
		s.give(core.OptMandatoryTimeout, mandatory)
		s.explicit = true
	case 2:
		s.give(core.OptAdvisoryTimeout, advisory)
		s.give(core.OptMandatoryTimeout, mandatory)
		s.explicit = true
	case 3:
		s.give(core.OptAdvisoryAuto, 1)
	}
}

func (s *setup) give(name core.Option, value float64) {
	s.options = append(s.options, option{name, value})
}

// open makes a session of the setup.
func (s *setup) open(now core.Now, seed uint64) (*core.Session, core.Decision, error) {
	session := core.New()
	for _, o := range s.options {
		if err := session.Set(o.name, o.value); err != nil {
			return nil, core.Decision{}, err
		}
	}
	d, err := session.Open(now, seed)
	return session, d, err
}
