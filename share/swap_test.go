package share_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/sharetest"
)

// memory is an engine with versions and no more.
type memory struct {
	mu       sync.Mutex
	values   map[string]share.Value
	count    int
	begun    time.Time
	step     time.Duration // of its clock; 0: it tells none
	careless bool          // for a faulty store: slow, and without a look at versions
}

func (m *memory) Get(_ context.Context, key string) (share.Value, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.values[key]
	v.Data = append([]byte(nil), v.Data...)
	if m.step > 0 {
		v.ClockMS, v.ClockStep = 1_000_000+time.Since(m.begun).Truncate(m.step).Milliseconds(), m.step
	}
	return v, nil
}

func (m *memory) Put(_ context.Context, key string, data []byte, version string, ttl time.Duration) (bool, error) {
	if m.careless {
		time.Sleep(time.Millisecond)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[key].Version != version && !m.careless {
		return false, nil
	}
	m.count++
	m.values[key] = share.Value{Data: append([]byte(nil), data...), Version: strconv.Itoa(m.count)}
	return true, nil
}

func newMemory(step time.Duration) *memory {
	return &memory{values: map[string]share.Value{}, begun: time.Now(), step: step}
}

func TestCompareAndSwap(t *testing.T) {
	for name, step := range map[string]time.Duration{"milliseconds": time.Millisecond, "seconds": time.Second, "no clock": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := newMemory(step)
			sharetest.Run(t, func() share.Store { return share.CompareAndSwap(engine, share.Figures{}) })
		})
	}
}
