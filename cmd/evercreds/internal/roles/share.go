package roles

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/share"
)

// StoreDir is the directory where the processes of this user meet.
func StoreDir() (string, error) {
	if dir := os.Getenv("EVERCREDS_STORE"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "evercreds"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", problem.Store.New("there is no place for the store: %v; set EVERCREDS_STORE", err)
	}
	return filepath.Join(home, ".cache", "evercreds", "share"), nil
}

// shareOptions has the session share with the other processes of this machine. A set that
// has no name by its parameters has one by id.
func shareOptions(role *Role, id string) ([]evercreds.Option, error) {
	dir, err := StoreDir()
	if err != nil {
		return nil, err
	}
	store, err := share.File(dir)
	switch {
	case errors.Is(err, errors.ErrUnsupported): // on Windows each process refreshes by itself
		return nil, nil
	case err != nil:
		return nil, problem.Store.Of(err)
	}
	options := []evercreds.Option{
		evercreds.WithShare(&labelled{store, dir, role.describe()}),
		// A hundred processes that start at once on a small machine are slow, and not down.
		evercreds.WithShareCall(5 * time.Second), evercreds.WithShareWait(30 * time.Second),
	}
	if id != "" {
		options = append(options, evercreds.WithShareID(id))
	}
	return options, nil
}

// labelled is the file store, and writes down what a record is of when it writes the record:
// its name tells nobody.
type labelled struct {
	*share.FileStore
	dir, label string
}

// Publish publishes, and notes the label.
func (l *labelled) Publish(ctx context.Context, key string, p share.Publication) (share.Published, error) {
	published, err := l.FileStore.Publish(ctx, key, p)
	if err == nil && published.Stored {
		l.note(key)
	}
	return published, err
}
