//go:build unix

package roles

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// kept are the fields of a record that stay when its set is removed: the turn that may be
// running, and the marks of one-time codes, which must not be sent again.
var kept = []string{"format", "boot", "number", "owner", "turn_ends_ms", "exclusive", "marks"}

// forget takes the set out of a record, under the lock that docs/reference/sharing-stores.md asks of
// who writes.
func forget(ctx context.Context, path string) error {
	guard, err := os.OpenFile(path+".guard", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer guard.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for unix.Flock(int(guard.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var record map[string]json.RawMessage
	rest := map[string]json.RawMessage{}
	if json.Unmarshal(text, &record) != nil {
		return os.Remove(path) // it is no record
	}
	for _, name := range kept {
		if value, ok := record[name]; ok {
			rest[name] = value
		}
	}
	if text, err = json.Marshal(rest); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".forget-")
	if err != nil {
		return err
	}
	_, err = temporary.Write(text)
	if e := temporary.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}
