package share

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Versions is an engine that can get a value with its version, and put a value if the
// version is still that one: etcd, NATS KV, a Kubernetes object, a row of a database, an
// object in S3. Both calls are from several goroutines at once.
type Versions interface {
	// Get returns what was written last, not what a replica has. Without a value it returns
	// one whose Data is empty.
	Get(ctx context.Context, key string) (Value, error)
	// Put writes data, at most 32 KiB, if the version of the key is still this one, in one
	// atomic step; "" says that there must be no value. It returns false, without an error,
	// if the version is another. The value must last for ttl at least.
	Put(ctx context.Context, key string, data []byte, version string, ttl time.Duration) (bool, error)
}

// Value is what an engine has under a key.
type Value struct {
	Data    []byte
	Version string // another one for each writing; "" if there is no value
	// ClockMS is the engine's clock when it answered, in milliseconds since an instant that
	// stays the same; 0: it tells none. Then turns end by the wall clocks of the processes,
	// of which a wrong one costs calls.
	ClockMS int64
	// ClockStep is in what steps that clock tells time: a second for the Date of an HTTP
	// answer. Default: a millisecond.
	ClockStep time.Duration
}

// CompareAndSwap makes a [Store] of an engine that has no more than versions. figures are
// what the store tells of itself; zero fields have the defaults.
func CompareAndSwap(engine Versions, figures Figures) Store {
	figures.IsLock = false
	return &swapping{engine, figures}
}

type swapping struct {
	engine  Versions
	figures Figures
}

// Figures are those that [CompareAndSwap] was given.
func (s *swapping) Figures() Figures { return s.figures }

// leastLife is how long a record lasts in any case.
const leastLife = time.Hour

func (s *swapping) Read(ctx context.Context, key string) (Record, error) {
	v, err := s.engine.Get(ctx, key)
	if err != nil {
		return Record{}, err
	}
	r := readObject(v.Data).fields().record(v.clock())
	r.ClockMS = v.ClockMS
	return r, nil
}

func (s *swapping) Campaign(ctx context.Context, key string, c Campaign) (Turn, error) {
	if c.Exclusive {
		return Turn{}, errors.New("share: an exclusive turn needs a store whose turn is a lock; this one's is none")
	}
	var t Turn
	err := s.change(ctx, key, leastLife, func(f fields, v Value) (fields, bool) {
		var changed bool
		f, t, changed = f.campaign(c, v.clock())
		t.ClockMS = v.ClockMS
		return f, changed
	})
	return t, err
}

func (s *swapping) Publish(ctx context.Context, key string, p Publication) (Published, error) {
	var done Published
	err := s.change(ctx, key, p.TTL, func(f fields, v Value) (fields, bool) {
		f, stored, changed := f.publish(p)
		done = Published{Stored: stored, ClockMS: v.ClockMS}
		return f, changed
	})
	return done, err
}

func (s *swapping) Resign(ctx context.Context, key string, r Resignation) error {
	return s.change(ctx, key, r.TTL, func(f fields, v Value) (fields, bool) {
		return f.resign(r, v.clock())
	})
}

// change applies a rule to the record until nobody has come in between.
func (s *swapping) change(ctx context.Context, key string, ttl time.Duration, rule func(fields, Value) (fields, bool)) error {
	for try := 1; ; try++ {
		v, err := s.engine.Get(ctx, key)
		if err != nil {
			return err
		}
		f, changed := rule(readObject(v.Data).fields(), v)
		if !changed {
			return nil
		}
		data, err := json.Marshal(f.written())
		if err != nil {
			return err
		}
		if ok, err := s.engine.Put(ctx, key, data, v.Version, max(ttl, leastLife, f.entryLeft())); ok || err != nil {
			return err
		}
		pause := rand.N(time.Duration(min(try, 10)) * 5 * time.Millisecond)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("share: others changed the record %d times: %w", try, ctx.Err())
		}
	}
}

// entryLeft keeps a record for as long as its entry may be good, by this process's wall
// clock, where a call says nothing of it.
func (f fields) entryLeft() time.Duration {
	const most = 36 * time.Hour // the longest set of AWS's
	return min(time.Until(time.UnixMilli(f.entry.ExpiryMS)), most)
}

func (v Value) clock() clock {
	now := v.ClockMS
	if now == 0 {
		now = time.Now().UnixMilli()
	}
	return clock{now: now, latest: now + max(0, v.ClockStep.Milliseconds()-1)}
}
