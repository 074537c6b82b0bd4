package main

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// hungStore takes calls, and says nothing until their contexts end.
type hungStore struct {
	asked *atomic.Int64
	until chan struct{}
}

func (h hungStore) hang() error {
	h.asked.Add(1)
	<-h.until
	return errors.New("the store has hung")
}

func (h hungStore) Read(context.Context, string) (share.Record, error) {
	return share.Record{}, h.hang()
}

func (h hungStore) Campaign(context.Context, string, share.Campaign) (share.Turn, error) {
	return share.Turn{}, h.hang()
}

func (h hungStore) Publish(context.Context, string, share.Publication) (share.Published, error) {
	return share.Published{}, h.hang()
}

func (h hungStore) Resign(context.Context, string, share.Resignation) error { return h.hang() }

// shareHot is one call for fresh credentials of a session that shares, beside one that
// does not: by a directory, and by a store whose calls hang meanwhile. The rounds are
// interleaved; ./task share -- store-hang judges their ratios.
func shareHot() error {
	dir, err := os.MkdirTemp("", "evercreds-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file, err := share.File(dir)
	if err != nil {
		return err
	}
	hung := hungStore{new(atomic.Int64), make(chan struct{})}
	n := fewer(500_000, 20_000)
	var all []contender
	for _, c := range []struct {
		name    string
		options []evercreds.Option
	}{
		{"off", nil},
		{"on", []evercreds.Option{evercreds.WithShare(file), evercreds.WithShareID("bench")}},
		{"hung", []evercreds.Option{evercreds.WithShare(hung), evercreds.WithShareKey(make([]byte, 32)), evercreds.WithShareID("bench")}},
	} {
		session, err := newSession(c.options...)
		if err != nil {
			return err
		}
		defer session.Close()
		ctx := context.Background()
		call := func() error { _, err := session.Retrieve(ctx); return err }
		if err := call(); err != nil {
			return err
		}
		all = append(all, perCall(c.name, n, call))
	}
	defer close(hung.until)
	for hung.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := interleave("go-share-hot", "ns", fewer(21, 5), all); err != nil {
		return err
	}
	if hung.asked.Load() > 8 {
		return errors.New("a caller inside a lease asks the store")
	}
	return nil
}
