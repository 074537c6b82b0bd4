//go:build linux || darwin

package share

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Read takes no lock: a record is replaced as a whole.
func (f *FileStore) Read(ctx context.Context, key string) (Record, error) {
	name, err := base(key)
	if err != nil {
		return Record{}, err
	}
	now, err := f.clock()
	if err != nil {
		return Record{}, err
	}
	r, err := f.load(name)
	if err != nil {
		return Record{}, err
	}
	if r.runs(now) && r.locked {
		free, err := f.turnIsFree(name)
		if err != nil {
			return Record{}, err
		}
		if free {
			r.turnEndsMS = 0 // its process was killed
		} else {
			r.turnEndsMS = r.endOf(now)
		}
	}
	answer := r.record(at(now))
	if len(r.entry.Sealed) == 0 || r.entryBoot == f.boot {
		answer.ClockMS = now
	}
	return answer, nil
}

func at(now int64) clock { return clock{now: now, latest: now} }

// Campaign holds the turn's lock from then on, if it wins.
func (f *FileStore) Campaign(ctx context.Context, key string, c Campaign) (Turn, error) {
	var (
		turn Turn
		lock *lock
		won  bool
	)
	err := f.change(ctx, key, func(name string, r *record, now int64) (bool, error) {
		var err error
		if lock, err = f.lockTurn(ctx, name, c.Owner); err != nil {
			return false, err
		}
		var next fields
		next, turn, won = r.judged(c, lock != nil, now).campaign(c, at(now))
		turn.ClockMS = now
		r.fields, r.exclusive, r.locked = next, c.Exclusive, lock != nil
		if err := ctx.Err(); won && err != nil {
			// Nobody waits for this turn any more, and a lock would keep others from it.
			return false, fmt.Errorf("share: the campaign took too long: %w", err)
		}
		return won, nil
	}, func(name string, failed bool) {
		if won && !failed {
			f.keepTurn(name, c.Owner, lock, turn.Number)
		} else {
			lock.dropFresh()
		}
	})
	if err != nil {
		return Turn{}, err
	}
	return turn, nil
}

// judged is the record as a campaign must see it that has got the turn's lock, or not.
func (r *record) judged(c Campaign, locked bool, now int64) fields {
	f, runs := r.fields, r.runs(now)
	switch {
	case runs && r.owner != c.Owner && r.locked && locked:
		f.turnEndsMS = 0 // its process was killed
	case runs:
		f.turnEndsMS = r.endOf(now)
	case c.Exclusive && !locked:
		// Who has the lock has the turn, whatever time says.
		f.owner, f.turnEndsMS = "", now+leastOfALock
	}
	return f
}

// Publish ends the turn's lock too, also if the record cannot be written.
func (f *FileStore) Publish(ctx context.Context, key string, p Publication) (Published, error) {
	if len(p.Entry.Sealed) > MaxSealed {
		return Published{}, errTooLong
	}
	var done Published
	err := f.change(ctx, key, func(_ string, r *record, now int64) (bool, error) {
		next, stored, changed := r.publish(p)
		if stored {
			r.entryBoot = f.boot
		}
		r.fields, done = next, Published{Stored: stored, ClockMS: now}
		return changed, nil
	}, func(name string, _ bool) { f.endTurn(name, p.Owner, p.Number) })
	return done, err
}

// Resign ends the turn's lock too, also if the record cannot be written.
func (f *FileStore) Resign(ctx context.Context, key string, r Resignation) error {
	if len(r.Notice) > MaxSealed {
		return errTooLong
	}
	return f.change(ctx, key, func(_ string, rec *record, now int64) (changed bool, _ error) {
		rec.fields, changed = rec.resign(r, at(now))
		return changed, nil
	}, func(name string, _ bool) { f.endTurn(name, r.Owner, r.Number) })
}

// markLife is how long a mark counts.
const markLife = 5 * time.Minute

// Mark is for sessions that send one-time codes.
func (f *FileStore) Mark(ctx context.Context, key, mark string) (bool, error) {
	if !isHex(mark, 64) {
		return false, errors.New("share: the mark must be 64 hex digits; got another")
	}
	isNew := false
	err := f.change(ctx, key, func(_ string, r *record, now int64) (bool, error) {
		r.dropOldMarks(now)
		_, known := r.marks[mark]
		isNew = !known
		if isNew {
			r.marks[mark] = now
		}
		return isNew, nil
	}, func(string, bool) {})
	return isNew && err == nil, err
}

// change applies a rule to the record under the guard, for which it waits until ctx ends.
// Then it calls after, which is told whether anything failed, the guard too.
func (f *FileStore) change(ctx context.Context, key string, rule func(name string, r *record, now int64) (bool, error), after func(string, bool)) (err error) {
	name, err := base(key)
	if err != nil {
		return err
	}
	guard, err := f.lockGuard(ctx, name)
	defer guard.drop()
	defer func() { after(name, err != nil) }()
	if err != nil {
		return err
	}
	now, err := f.clock()
	if err != nil {
		return err
	}
	r, err := f.load(name)
	if err != nil {
		return err
	}
	changed, err := rule(name, &r, now)
	if err != nil || !changed {
		return err
	}
	return f.save(name, r)
}
