//go:build go1.25

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// mfa has processes that send one-time codes, and who sends one killed, at any step. The
// source of codes has a new one each 20 ms: who takes over may meet the code that was
// sent, and then waits until its mark is half a minute old.
func (l *lab) mfa(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, "file")
	if err != nil {
		return err
	}
	lasts := life{6 * time.Second, 3, 3, 2, 4}
	if err := l.standIn.SetLifetime("", lasts.lifetime); err != nil {
		return err
	}
	g := l.group(share, lasts)
	g.source.Serial, g.source.Secret = "arn:aws:iam::123456789012:mfa/device", "a secret of the device's"
	g.source.Timeout = 60
	s := l.strike(g, func(m *member) bool { return g.kill(ctx, m) })
	s.apart = 0
	if err := g.start(ctx, l.mix(l.processes)); err != nil {
		return err
	}
	for begun := time.Now(); s.count() < l.kills; {
		if time.Since(begun) > time.Duration(l.kills)*40*time.Second {
			return fmt.Errorf("only %d of %d were killed", s.count(), l.kills)
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	s.end()
	g.await()
	if err := pause(ctx, 2*lasts.lifetime); err != nil { // they go on
		return err
	}
	g.stop(ctx)
	sent, twice := 0, 0
	l.gate.lock.Lock()
	for _, n := range l.gate.codes {
		sent += n
		twice += n - 1
	}
	l.gate.lock.Unlock()
	v.say("%d processes, %d killed, %d codes sent", l.processes, s.count(), sent)
	v.must(sent > s.count()/2, "only %d codes were sent", sent)
	v.none("codes sent twice", twice)
	v.none("rollbacks", g.rollbacks)
	v.none("overestimated", g.overestimated)
	return l.refusedStore(ctx, v)
}

// refusedStore opens a session with one-time codes on a store that is no lock.
func (l *lab) refusedStore(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, "redis")
	if err != nil {
		return err
	}
	g := l.group(share, short)
	g.source.Serial, g.source.Secret = "arn:aws:iam::123456789012:mfa/device", "a secret of the device's"
	for _, language := range l.languages {
		m, err := g.add(ctx, language)
		if err != nil {
			return err
		}
		_, err = m.Do(ctx, workers.Order{Do: "open", Session: 1, Source: g.source})
		v.must(err != nil && strings.Contains(strings.ToLower(err.Error()), "share"), "%s takes Redis for one-time codes: %v", language, err)
		v.say("%s refuses Redis", language)
		g.wrong(ctx, m.End())
	}
	return nil
}
