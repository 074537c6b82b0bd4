package roles

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/share"
)

const labels = "labels" // the directory of labels, in the store's

// labelPath is where the label of a key is. Its name is the record's.
func labelPath(dir, key string) string {
	return filepath.Join(dir, labels, strings.ReplaceAll(key, ":", "-"))
}

// note writes a label down. It is for people alone, so an error changes nothing.
func (l *labelled) note(key string) {
	path := labelPath(l.dir, key)
	if text, err := os.ReadFile(path); err == nil && string(text) == l.label {
		return
	}
	_ = os.MkdirAll(filepath.Dir(path), 0o700)
	temporary, err := os.CreateTemp(filepath.Dir(path), ".label-")
	if err != nil {
		return
	}
	_, err = temporary.WriteString(l.label)
	if e := temporary.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
}

// Kept is what the store has under one key.
type Kept struct {
	Key     string    `json:"key"`
	Label   string    `json:"label,omitempty"` // "": another program wrote it
	Expiry  time.Time `json:"expiry"`
	Expired bool      `json:"expired"`
}

// List returns what this machine's store has, without opening it.
func List(ctx context.Context) ([]Kept, error) {
	dir, err := StoreDir()
	if err != nil {
		return nil, err
	}
	kept := []Kept{}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return kept, nil
	}
	store, err := share.File(dir)
	if err != nil {
		return nil, problem.Store.Of(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "evercreds1-*"))
	if err != nil {
		return nil, problem.Store.Of(err)
	}
	for _, path := range paths {
		key := strings.Replace(filepath.Base(path), "-", ":", 1)
		record, err := store.Read(ctx, key)
		if err != nil || len(record.Entry.Sealed) == 0 {
			continue
		}
		label, _ := os.ReadFile(labelPath(dir, key))
		end := time.UnixMilli(record.Entry.ExpiryMS).UTC()
		kept = append(kept, Kept{key, string(label), end, !end.After(time.Now())})
	}
	return kept, nil
}

// Clear removes what List shows, and returns how much it was. Sessions that hold a set go
// on with it.
func Clear(ctx context.Context) (int, error) {
	kept, err := List(ctx)
	if err != nil {
		return 0, err
	}
	dir, err := StoreDir()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, k := range kept {
		if err := forget(ctx, filepath.Join(dir, strings.Replace(k.Key, ":", "-", 1))); err != nil && !os.IsNotExist(err) {
			return n, problem.Store.Of(err)
		}
		_ = os.Remove(labelPath(dir, k.Key))
		n++
	}
	return n, nil
}
