package group

import (
	"context"
	"errors"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/share/sealing"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// open opens the entry of a record. What does not open is none, and names itself as junk;
// what another key has sealed is tried again with the keys that there may be by now.
func (g *Group) open(ctx context.Context, l *host.Looked, key string, ring *sealing.Ring, r share.Record) {
	e := r.Entry
	h, set, err := ring.OpenSet(key, e.Sealed, e.Generation, e.Fingerprint, e.ExpiryMS)
	if errors.Is(err, sealing.ErrForeign) {
		if newer, failed := g.Keys.Newer(ctx, ring); failed == nil && newer != nil {
			h, set, err = newer.OpenSet(key, e.Sealed, e.Generation, e.Fingerprint, e.ExpiryMS)
		}
	}
	found := credentialsOf(h, set)
	switch {
	case errors.Is(err, sealing.ErrForeign):
		l.Foreign = true
		return
	case err != nil, sources.Result{Credentials: found}.Check(g.Method) != nil:
		l.Junk = &share.Junk{Generation: e.Generation, Fingerprint: e.Fingerprint}
		return
	}
	l.Set, l.Expiry, l.Fingerprint, l.Life = &found, h.ExpiryMS, h.Fingerprint, h.LifeMS
	l.Generation, l.Replaces = h.Generation, h.Replaces
	if h.EndsMS != 0 && l.ClockMS != 0 {
		l.Left = max(0, h.EndsMS-l.ClockMS)
	}
}

func credentialsOf(h sealing.Header, s sealing.Set) sources.Credentials {
	c := sources.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey, SessionToken: s.Token, AccountID: s.Account}
	if h.ExpiryMS >= core.Never {
		c.NoExpiry = true
	} else {
		c.Expires = time.UnixMilli(h.ExpiryMS)
	}
	return c
}
