//go:build go1.25

package main

import (
	"context"
	"time"
)

// revoke has the set that all hold refused: to one process, or to all.
func (l *lab) revoke(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	g := l.group(share, life{time.Minute, 20, 10, 2, 4})
	g.source.Resend = true
	if err := l.standIn.SetLifetime("", time.Minute); err != nil {
		return err
	}
	begun := time.Now()
	if err := g.start(ctx, l.mix(l.processes)); err != nil {
		return err
	}
	if err := g.until(ctx, begun, 1); err != nil {
		return err
	}
	told := g.all()
	if l.told == "one" {
		told = told[:1]
	}
	key := told[0].key
	revoked := time.Now()
	for _, m := range told {
		l.gate.refuse(m.name, key)
	}
	readopted := 0
	g.lock.Lock()
	before := len(g.seen[key])
	g.lock.Unlock()
	if err := pause(ctx, 15*time.Second); err != nil {
		return err
	}
	fetches := l.gate.all(revoked)
	g.lock.Lock()
	readopted = len(g.seen[key]) - before
	failed := len(g.failed)
	g.failed = nil
	g.lock.Unlock()
	refused := l.gate.refusals()
	g.stop(ctx)
	v.say("%d processes, %d of them told %d times, %d sets fetched", l.processes, len(told), refused, len(fetches))
	v.must(refused >= len(told), "only %d were told", refused)
	v.must(len(fetches) == 1, "calls %d", len(fetches))
	v.none("re-adopted", readopted)
	v.must(failed <= len(told), "%d calls failed, %d processes were told", failed, len(told))
	v.say("failed %d (at most one for each process told)", failed)
	g.rollbacks = 0 // a set takes the place of one that lasts as long
	v.healthy(g)
	return nil
}

// clocks has processes whose clocks are wrong. Go's runtime asks the kernel itself, so
// that its clock stays right; a signature may be five minutes old, so that no clock is
// wrong by more.
func (l *lab) clocks(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	g := l.group(share, short)
	g.offsets = map[string]time.Duration{}
	begun := time.Now()
	ahead := 0
	for _, m := range []struct {
		language string
		offset   time.Duration
	}{{"python", -4 * time.Minute}, {"node", -4 * time.Minute}, {"go", 0}, {"python", 4 * time.Minute}, {"node", 4 * time.Minute}} {
		if m.offset > 0 {
			ahead++
		}
		if err := g.startShifted(ctx, m.language, m.offset); err != nil {
			return err
		}
	}
	if err := g.until(ctx, begun, l.refreshes); err != nil {
		return err
	}
	fetches := l.gate.all(begun)
	g.stop(ctx)
	n := rounds(fetches)
	for _, f := range fetches {
		v.say("%s: %v ahead, key %v", f.at.Sub(begun).Round(time.Millisecond), g.offsets[f.member], f.key != "")
	}
	v.say("5 processes, %d refreshes, %d fetches", n, len(fetches))
	late := v.letOff(len(fetches)-n-ahead, g)
	v.must(len(fetches) <= n+ahead+late, "%d fetches in %d refreshes with %d clocks ahead", len(fetches), n, ahead)
	v.healthy(g)
	return nil
}
