//go:build go1.25

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// down has the store killed in the midst, and begun anew and empty. A group without a
// store goes through the same time.
func (l *lab) down(ctx context.Context, v *verdict) error {
	from, to, end := l.length/8, l.length/2, l.length
	server, err := l.stores.redis(ctx, 0)
	if err != nil {
		return err
	}
	share := &workers.Share{Store: "redis", Where: server.address, Keys: []string{dataKey("the group's key")}}
	g, begun, err := l.begin(ctx, share)
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Until(begun.Add(from))); err != nil {
		return err
	}
	before := g.shareCalls()
	server.kill()
	if err := pause(ctx, time.Until(begun.Add(to))); err != nil {
		return err
	}
	asked := g.shareCalls()
	if _, err := l.stores.redis(ctx, server.port); err != nil {
		return err
	}
	up := time.Now()
	if err := pause(ctx, time.Until(begun.Add(end))); err != nil {
		return err
	}
	fetches := l.gate.all(begun)
	g.stop(ctx)
	solo, soloBegun, err := l.begin(ctx, nil)
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Until(soloBegun.Add(to))); err != nil {
		return err
	}
	alone := between(l.gate.all(soloBegun), soloBegun.Add(from), soloBegun.Add(to))
	solo.stop(ctx)

	while := between(fetches, begun.Add(from), up)
	after := between(fetches, up.Add(g.life.lifetime), begun.Add(end))
	v.say("%d processes; down from %v to %v: %d fetches, solo %d; later %d in %d refreshes", l.processes, from, to,
		len(while), len(alone), len(after), rounds(after))
	// where in its life a set is when the time begins makes one refresh more or less
	v.must(len(while) <= len(alone)+l.processes, "%d fetches while it was down, %d without a store", len(while), len(alone))
	v.must(len(after) > 0 && len(after) == rounds(after), "%d fetches in %d refreshes after a lifetime", len(after), rounds(after))
	most := int64(0)
	for name, n := range asked {
		most = max(most, n-before[name])
	}
	v.most("store calls of a process while down", float64(most), float64(2+g.ladder(to-from)))
	v.healthy(g)
	return nil
}

// ladder is how many steps fit into a time: 5 s, doubling to a minute or to a quarter of a
// set's life. Each is drawn, and half as long at least.
func (g *group) ladder(d time.Duration) (steps int) {
	most := min(time.Minute, g.life.lifetime/4)
	for step := min(5*time.Second, most) / 2; d > 0; step = min(2*step, most/2) {
		d -= step
		steps++
	}
	return steps
}

func between(fetches []*fetch, from, to time.Time) (list []*fetch) {
	for _, f := range fetches {
		if !f.at.Before(from) && f.at.Before(to) {
			list = append(list, f)
		}
	}
	return list
}

// begin starts a group of the usual size and kind.
func (l *lab) begin(ctx context.Context, share *workers.Share) (*group, time.Time, error) {
	g := l.group(share, short)
	begun := time.Now()
	return g, begun, g.start(ctx, l.mix(l.processes))
}

// shareCalls gives how many calls of the store each member has asked for.
func (g *group) shareCalls() map[string]int64 {
	g.lock.Lock()
	defer g.lock.Unlock()
	calls := map[string]int64{}
	for _, m := range g.members {
		calls[m.name] = m.shareCalls
	}
	return calls
}

// hang has a store that takes calls and says nothing, then one that is late, then one
// that breaks off.
func (l *lab) hang(ctx context.Context, v *verdict) error {
	server, err := l.stores.redis(ctx, 0)
	if err != nil {
		return err
	}
	p, err := newProxy(server.address)
	if err != nil {
		return err
	}
	defer p.close()
	g, begun, err := l.begin(ctx, &workers.Share{Store: "redis", Where: p.address, Keys: []string{dataKey("the group's key")}})
	if err != nil {
		return err
	}
	for _, mode := range []mode{passes, silent, late, passes, breaks, passes} {
		p.set(mode)
		// callers wait at the mandatory window: of half of the processes all sets go at once
		if err := pause(ctx, l.length/6); err != nil {
			return err
		}
	}
	g.stop(ctx)
	solo, soloBegun, err := l.begin(ctx, nil)
	if err != nil {
		return err
	}
	if err := pause(ctx, time.Until(soloBegun.Add(l.length/2))); err != nil {
		return err
	}
	solo.stop(ctx)
	bound := percentile(solo.waits, 100) + time.Duration((g.life.wait+0.5)*float64(time.Second))
	v.say("%d processes, %d calls, %d fetches", l.processes, g.calls, len(between(l.gate.all(begun), begun, soloBegun)))
	v.within("longest wait", percentile(g.waits, 100), bound)
	v.healthy(g)
	return l.hotPath(ctx, v)
}

// failover has a replica take the primary's place after the last writes were lost. Its
// clock is wrong.
func (l *lab) failover(ctx context.Context, v *verdict) error {
	extra := 0
	for _, shift := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		primary, err := l.stores.redis(ctx, 0)
		if err != nil {
			return err
		}
		p, err := newProxy(primary.address)
		if err != nil {
			return err
		}
		g, begun, err := l.begin(ctx, &workers.Share{Store: "redis", Where: p.address, Keys: []string{dataKey("the group's key")}})
		if err != nil {
			return err
		}
		env, err := l.shifted(ctx, shift)
		if err != nil {
			return err
		}
		replica, err := l.stores.redisWith(ctx, env, 0, "--replicaof", "127.0.0.1 "+fmt.Sprint(primary.port))
		if err != nil {
			return err
		}
		if err := g.until(ctx, begun, 1); err != nil {
			return err
		}
		if _, err := replica.do("REPLICAOF", "NO", "ONE"); err != nil {
			return err
		}
		if err := g.until(ctx, begun, 2); err != nil { // what this writes is lost
			return err
		}
		primary.kill()
		p.to(replica.address)
		if err := g.until(ctx, begun, l.refreshes); err != nil {
			return err
		}
		fetches := l.gate.all(begun)
		g.stop(ctx)
		p.close()
		extra += len(fetches) - rounds(fetches)
		v.say("a clock wrong by %v: %d fetches in %d refreshes", shift, len(fetches), rounds(fetches))
		v.healthy(g)
	}
	v.most("extra calls for each lost turn", float64(extra)/2, 1)
	return nil
}
