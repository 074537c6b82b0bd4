//go:build go1.25

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// lived has a group share for all refreshes of a check, and gives what was fetched. strike is
// done to who leads, once in each refresh; nil: nothing is.
func (l *lab) lived(ctx context.Context, life life, strike func(g *group, m *member) bool) (g *group, s *strikes, fetches []*fetch, err error) {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return
	}
	g = l.group(share, life)
	if strike != nil {
		s = l.strike(g, func(m *member) bool { return strike(g, m) })
	}
	begun := time.Now()
	if err = g.start(ctx, l.mix(l.processes)); err != nil {
		return
	}
	if err = g.until(ctx, begun, l.refreshes); err != nil {
		return
	}
	if s != nil {
		s.end()
	}
	l.await()
	fetches = l.gate.all(begun)
	g.stop(ctx)
	return
}

// fleet is healthy: exactly one fetch in each refresh.
func (l *lab) fleet(ctx context.Context, v *verdict) error {
	g, _, fetches, err := l.lived(ctx, short, nil)
	if err != nil {
		return err
	}
	v.say("%d processes, %d refreshes, %d fetches, %d calls", l.processes, rounds(fetches), len(fetches), g.calls)
	v.once(g, fetches)
	v.must(len(g.seen) == len(fetches), "%d sets were seen, %d fetched", len(g.seen), len(fetches))
	v.healthy(g)
	return nil
}

// cold is the start of all at once: one fetch, and nobody waits for long behind it.
func (l *lab) cold(ctx context.Context, v *verdict) error {
	shared, sole, fetches, err := l.coldWaits(ctx)
	if err != nil {
		return err
	}
	v.say("%d processes, %d starts; shared: p50 %v, p99 %v; solo: p50 %v, p99 %v", l.processes, coldRounds,
		percentile(shared, 50), percentile(shared, 99), percentile(sole, 50), percentile(sole, 99))
	v.must(fetches == coldRounds, "calls %d in %d starts", fetches, coldRounds)
	v.say("calls %d in %d starts", fetches, coldRounds)
	behind, ratio := percentile(shared, 99)-percentile(shared, 0), float64(percentile(shared, 99))/float64(max(1, percentile(sole, 99)))
	v.say("the last is %v behind the first; to solo %.2f", behind, ratio)
	// an idle machine is held to the first; a busy one to the second
	v.must(behind <= 250*time.Millisecond || ratio <= 1.2, "a follower waits %v longer than the leader, and %.2f times as long as alone", behind, ratio)
	return nil
}

// crowd starts many processes on few processors, which alone takes ten seconds: sets live
// so long that none is refreshed meanwhile, the wait for others has its default, and a call
// of Redis has what docs/RATIONALE.md tells those who start such crowds.
var crowd = life{2 * time.Minute, 10, 5, short.turn, 10}

const crowdsCallMs = 5000

// coldRounds is how often processes begin with a store, and without one in between: how
// long one crowd of a hundred takes varies by a third from one time to the next.
const coldRounds = 3

// coldWaits has as many processes begin at once, with a store and without one, in turn.
func (l *lab) coldWaits(ctx context.Context) (shared, sole []time.Duration, fetches int, err error) {
	l.gate.delay = 200 * time.Millisecond
	if err = l.standIn.SetLifetime(l.standIn.RoleARN, crowd.lifetime); err != nil {
		return
	}
	for range coldRounds {
		store, err := l.stores.open(ctx, l.store)
		if err != nil {
			return nil, nil, 0, err
		}
		store.CallMs = crowdsCallMs
		together, calls, err := l.coldStart(ctx, store)
		if err != nil {
			return nil, nil, 0, err
		}
		alone, _, err := l.coldStart(ctx, nil)
		if err != nil {
			return nil, nil, 0, err
		}
		shared, sole, fetches = append(shared, together...), append(sole, alone...), fetches+calls
	}
	return
}

// coldStart has processes begin at once; it gives how long the first call of each waited.
func (l *lab) coldStart(ctx context.Context, store *workers.Share) (waits []time.Duration, fetches int, err error) {
	g := l.group(store, crowd)
	g.pace = workers.Pace{Callers: 1, PauseMs: l.pauseMs(), Look: true}
	begun := time.Now()
	if err = g.start(ctx, l.mix(l.processes)); err != nil {
		return
	}
	if err = g.allCalled(ctx); err != nil {
		return
	}
	g.stop(ctx)
	if len(g.failed) > 0 {
		return nil, 0, fmt.Errorf("failed: %s", g.failed[0])
	}
	return g.firstWaits(), len(l.gate.all(begun)), nil
}

// phases are where a leader is killed or stopped.
var phases = []string{"turn won", "request sent", "reply read"}

// strikes has something done once in each refresh to who leads it, at a phase drawn.
type strikes struct {
	lock  sync.Mutex
	drawn int
	last  time.Time
	at    []strike
	do    func(m *member) bool
	stop  bool
	// apart is how long it waits between two strikes.
	apart time.Duration
}

type strike struct {
	phase  string
	at     time.Time
	member string
}

// sent tells whether the call of who was struck had reached the source, or has since.
func (s strike) sent(fetches []*fetch) bool {
	return slices.ContainsFunc(fetches, func(f *fetch) bool { return f.member == s.member && f.at.Sub(s.at).Abs() < apart })
}

// hit strikes if the phase is the one that was drawn for this refresh.
func (s *strikes) hit(phase int, m *member) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.stop || m == nil || phase != s.drawn || time.Since(s.last) < s.apart {
		return
	}
	if s.do(m) {
		s.at = append(s.at, strike{phases[phase], time.Now(), m.name})
		s.last, s.drawn = time.Now(), rand.IntN(len(phases))
	}
}

// end has nobody struck any more.
func (s *strikes) end() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.stop = true
}

func (s *strikes) count() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.at)
}

func (l *lab) strike(g *group, do func(m *member) bool) *strikes {
	s := &strikes{do: do, apart: apart, drawn: rand.IntN(len(phases))}
	g.step = func(m *member, step string) {
		if step == "led" {
			go s.hit(0, m) // what a member tells is read here, and is to be read on
		}
	}
	l.gate.on(func(f *fetch) { s.hit(1, g.find(f.member)) }, func(f *fetch) { s.hit(2, g.find(f.member)) })
	return s
}

// kill has the leader of each refresh killed by -9. All refreshes are waited for.
func (l *lab) kill(ctx context.Context, v *verdict) error {
	g, s, fetches, err := l.lived(ctx, awaited, func(g *group, m *member) bool { return g.kill(ctx, m) })
	if err != nil {
		return err
	}
	bound := time.Second
	if l.store != "file" {
		bound += time.Duration(g.life.turn * float64(time.Second))
	}
	drawn, after := map[string]int{}, 0
	var takeovers []time.Duration
	for _, strike := range s.at {
		drawn[strike.phase]++
		after += btoi(strike.sent(fetches))
		if next := nextAfter(fetches, strike.at); next != nil && next.at.Sub(strike.at) < apart {
			takeovers = append(takeovers, next.at.Sub(strike.at))
		}
	}
	n := float64(rounds(fetches))
	v.say("%d processes, %d refreshes, %d fetches, %d leaders killed %v, %d calls", l.processes, int(n), len(fetches), len(s.at), drawn, g.calls)
	v.must(len(s.at) > 0, "nobody was killed")
	late := v.letOff(g.net(fetches)-int(n), g)
	v.most("net calls/refresh", float64(g.net(fetches)-late)/n, 1.02)
	raw := 1 + float64(after+late)/n + 0.02
	v.most("raw calls/refresh", float64(len(fetches))/n, raw)
	v.within("takeover p99", percentile(takeovers, 99), bound)
	v.healthy(g)
	return nil
}

func nextAfter(fetches []*fetch, at time.Time) *fetch {
	for _, f := range fetches {
		if f.at.After(at) {
			return f
		}
	}
	return nil
}

// stopped has the leader of each refresh stopped for three turns, and go on.
func (l *lab) stopped(ctx context.Context, v *verdict) error {
	g, s, fetches, err := l.lived(ctx, short, func(g *group, m *member) bool {
		if !m.Signal(syscall.SIGSTOP) {
			return false
		}
		l.later(func() {
			_ = pause(ctx, time.Duration(3*g.life.turn*float64(time.Second)))
			m.Signal(syscall.SIGCONT)
		})
		return true
	})
	if err != nil {
		return err
	}
	n := float64(rounds(fetches))
	v.say("%d processes, %d refreshes, %d fetches, %d leaders stopped, %d calls", l.processes, int(n), len(fetches), len(s.at), g.calls)
	v.must(len(s.at) > 0, "nobody was stopped")
	v.most("calls/refresh", float64(len(fetches))/n, 2)
	v.healthy(g)
	return nil
}
