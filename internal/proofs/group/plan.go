package group

import "github.com/evercreds/evercreds/core"

// Plan is what a room is like. Times are in milliseconds.
type Plan struct {
	Members   int
	Horizon   int64
	Life      []int64 // of the first sets; the last one is that of all later ones
	Advisory  int64
	Mandatory int64
	Turn      int64
	Wait      int64
	Call      int64
	Poll      int64
	Flight    int64 // how long the source takes
	Exclusive bool
	Wall      []int64 // how far each wall clock is off
	Jump      int64   // of the store's clock at a failover
	Latency   bool    // calls of the store take time (Random)
	Restart   bool    // a process that died comes back (Random)
	Odd       bool    // callers that force and that need more time, restores, every class of failure (Random)
	Hostile   bool    // the store says what it likes (Random)
	Eager     bool    // every second session
	Inline    bool    // every third one
	Faults    Faults
	Draws     uint64 // what sessions draw, which is the same for all (Every)
	Without   string // a rule of the store that is left out, to see that it is missed
}

// Faults say how often each thing may still go wrong.
type Faults struct {
	Crash, Pause, Down, Lost, Failover, Flush, Tamper, Stale, Revoke, SourceFails, Hang, Forge, Late int
}

func (p *Plan) healthy() bool { return p.Faults == Faults{} }

func (p *Plan) lifeOf(set int) int64 { return p.Life[min(set, len(p.Life)-1)] }

// open makes a member's session.
func (p *Plan) open(i int, now core.Now, seed uint64) (core.Session, core.Decision, error) {
	s := core.New()
	sharing := core.Shared
	if p.Exclusive {
		sharing = core.Exclusive
	}
	eager, inline := p.Eager && i%2 == 1, p.Inline && i%3 == 2
	for _, o := range []struct {
		option core.Option
		value  float64
	}{
		{core.OptAdvisoryTimeout, float64(p.Advisory / 1000)}, {core.OptMandatoryTimeout, float64(p.Mandatory / 1000)},
		{core.OptMaxWait, 0}, {core.OptShare, float64(sharing)}, {core.OptShareTurn, seconds(p.Turn)},
		{core.OptShareWait, seconds(p.Wait)}, {core.OptShareCall, seconds(p.Call)}, {core.OptSharePoll, seconds(p.Poll)},
		{core.OptDeferRefresh, truth(!eager)}, {core.OptAdvisoryRefresh, truth(inline)},
	} {
		if err := s.Set(o.option, o.value); err != nil {
			return *s, core.Decision{}, err
		}
	}
	d, err := s.Open(now, seed)
	return *s, d, err
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
