package model_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/evercreds/evercreds/core"
)

// snapshot is a session put away, in both readings.
type snapshot struct {
	bytes []byte
	model *model
}

func (w *world) takeSnapshot() error {
	w.snapshots = append(w.snapshots, snapshot{w.machine.AppendSnapshot(nil), w.model.copied()})
	return nil
}

// copied is a model that shares nothing with this one, and has no part in its
// flights.
func (m *model) copied() *model {
	c := *m
	if m.held != nil {
		held := *m.held
		c.held = &held
	}
	c.flight, c.lost, c.outcomes = nil, nil, nil
	c.share.parting = nil
	c.rejected, c.counts = slices.Clone(m.rejected), maps.Clone(m.counts)
	return &c
}

// restore ends the process and goes on from a snapshot, perhaps after a reboot.
func (w *world) restore() error {
	if len(w.snapshots) == 0 {
		return nil
	}
	s := w.snapshots[w.rng.IntN(len(w.snapshots))]
	if w.rng.IntN(2) == 0 {
		w.now.Elapsed = w.upTo(minute)
	}
	var d core.Decision
	var err error
	if w.machine, d, err = core.Restore(s.bytes, w.now, w.rng.Uint64()); err != nil {
		return fmt.Errorf("not restored: %w", err)
	}
	w.model = s.model.copied()
	return w.tell(d, func(see *observed) core.Decision { return w.model.restored(w.now, see) }, "restore")
}

// restored goes on where the snapshot was taken; where the elapsed clock began
// anew, by what the wall clock says has passed.
func (m *model) restored(now core.Now, see *observed) core.Decision {
	if now.Elapsed < m.now.Elapsed {
		by := now.Elapsed - m.now.Elapsed - max(0, now.Wall-m.now.Wall)
		for _, at := range []*int64{
			&m.advisoryUntil, &m.requiredUntil, &m.degradedUntil, &m.staticUntil,
			&m.noProgressUntil, &m.spacedUntil, &m.idleFrom, &m.share.until, &m.share.again,
		} {
			*at += by
		}
		m.share.dated = false // how long it took is known by the wall clock alone
		if h := m.held; h != nil {
			h.fetched, h.installed, h.noneBefore = h.fetched+by, h.installed+by, h.noneBefore+by
			if h.elapsed < core.Never {
				h.elapsed += by
			}
		}
		m.now.Elapsed = now.Elapsed
	}
	m.epoch++
	if m.event(now, see); !m.closed {
		m.wakeUp()
	} else {
		m.now = now
	}
	return m.finish()
}
