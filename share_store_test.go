//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/evercreds/evercreds/share"
)

// versions is an engine in memory that has compare-and-swap, as a user would bring one.
type versions struct {
	mu   sync.Mutex
	n    int
	data map[string]share.Value
}

func memory() share.Store {
	return share.CompareAndSwap(&versions{data: map[string]share.Value{}}, share.Figures{})
}

func (v *versions) Get(_ context.Context, key string) (share.Value, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.data[key], nil
}

func (v *versions) Put(_ context.Context, key string, data []byte, version string, _ time.Duration) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data[key].Version != version {
		return false, nil
	}
	v.n++
	v.data[key] = share.Value{Data: data, Version: strconv.Itoa(v.n)}
	return true, nil
}
