//go:build go1.25

package main

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// principal has two base principals and one store, two groups with keys of their own,
// and a key that is replaced in three steps.
func (l *lab) principal(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	n := max(3, l.processes/4)
	other := *share
	other.Principal = "another principal"
	foreign := *share
	foreign.Keys = []string{dataKey("a key of another group's")}
	var groups []*group
	begun := time.Now()
	for _, s := range []*workers.Share{share, &other, &foreign} {
		g := l.group(s, short)
		if err := g.start(ctx, l.mix(n)); err != nil {
			return err
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		if err := g.until(ctx, begun, l.refreshes); err != nil {
			return err
		}
	}
	met := 0
	for i, g := range groups {
		for key := range g.seen {
			for j, of := range groups {
				if _, both := of.seen[key]; both && i < j {
					met++
				}
			}
		}
		g.stop(ctx)
		v.healthy(g)
	}
	v.none("entries met", met)
	return l.rotation(ctx, v, n)
}

// rotation replaces a key while half of the processes are a step behind.
func (l *lab) rotation(ctx context.Context, v *verdict, n int) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	older, newer := dataKey("the older key"), dataKey("the newer key")
	steps := []workers.Share{
		{Keys: []string{older}, NameKey: older}, {Keys: []string{older, newer}, NameKey: older},
		{Keys: []string{newer, older}, NameKey: older}, {Keys: []string{newer}, NameKey: older},
	}
	for i := range steps {
		steps[i].Store, steps[i].Where = share.Store, share.Where
	}
	flapping := 0
	for i := 1; i < len(steps); i++ {
		begun := time.Now()
		behind, ahead := l.group(&steps[i-1], short), l.group(&steps[i], short)
		for _, g := range []*group{behind, ahead} {
			if err := g.start(ctx, l.mix(n)); err != nil {
				return err
			}
		}
		if err := ahead.until(ctx, begun, 2); err != nil {
			return err
		}
		fetches := l.gate.all(begun)
		v.say("step %d: %d fetches in %d refreshes", i, len(fetches), rounds(fetches))
		extra := len(fetches) - rounds(fetches)
		flapping += extra - v.letOff(extra, behind, ahead)
		for _, g := range []*group{behind, ahead} {
			g.stop(ctx)
			v.healthy(g)
		}
	}
	v.none("flapping", flapping)
	return nil
}
