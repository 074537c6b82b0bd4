package evercreds

import (
	"context"
	"slices"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/share/group"
	"github.com/evercreds/evercreds/share"
)

// sharing is what the user says of it.
type sharing struct {
	given     bool
	store     share.Store
	keys      [][]byte
	fetch     func(ctx context.Context) ([][]byte, error)
	nameKey   []byte
	id        *string // nil: not given
	principal *string // nil: not given
	waits     bool    // wait is given
	wait      time.Duration
	turn      time.Duration // 0: the default
	call      time.Duration // 0: the store's

	isExclusive bool
	group       *group.Group // nil: the session does not share
}

// WithShare has the sessions of many processes that mean the same credentials make one
// refresh between them: one process calls the source, and the others take its set from the
// store. The store may delay a refresh by [WithShareWait] at most, and never prevents one;
// without it the session refreshes by itself. It sees sealed sets only.
//
// [share.File] meets the processes of one machine. Every other store needs [WithShareKey]
// or [WithShareKeys], and a session of [NewCustom] or [New] needs [WithShareID]. A session
// that sends one-time codes, or whose source prompts a person, takes only a store whose turn
// is a lock, as the file store's is; there nobody refreshes without the turn, so that no code
// is sent twice. The store stays yours: the session does not close it.
//
// A session that shares has jitter, whatever [WithJitter] says, and most of it is the
// group's own. Default: off.
func WithShare(store share.Store) Option {
	return func(s *settings) { s.share.given, s.share.store = true, store }
}

// WithShareKey sets the keys that seal what the store sees: 32 bytes each, the same in all
// processes. The first one seals, and all of them open. Who has a key may use every set of
// the group. See docs/reference/sharing-stores.md for the order in which to rotate them. Default: the
// file store's own key; there is none for other stores.
func WithShareKey(keys ...[]byte) Option {
	own := make([][]byte, len(keys))
	for i, k := range keys {
		own[i] = slices.Clone(k)
	}
	return func(s *settings) { s.share.keys = own }
}

// WithShareKeys sets a function that returns the keys of [WithShareKey], from KMS for
// instance. The session calls it before its first look, and again if it meets an entry of an
// unknown key, at most once a minute. If it fails, the session refreshes by itself, and asks
// it again later.
func WithShareKeys(fetch func(ctx context.Context) ([][]byte, error)) Option {
	return func(s *settings) { s.share.fetch = fetch }
}

// WithShareNameKey sets the key from which the group's name in the store is made: 32 bytes,
// which seal nothing. Default: the last key of [WithShareKey].
func WithShareNameKey(key []byte) Option {
	own := slices.Clone(key)
	return func(s *settings) { s.share.nameKey = own }
}

// WithShareID names the group of sessions of [NewCustom] or [New], which no parameters
// name: all that have this text share one set. It is required for them, and refused for
// [NewSTS] and [NewIoT].
func WithShareID(id string) Option { return func(s *settings) { s.share.id = &id } }

// WithSharePrincipal names who calls AssumeRole, for [NewSTS]. Sessions of different
// principals never share. Default: the access key ID of long-term keys, the group of a
// parent session that shares, or what one GetCallerIdentity says, without a session name.
func WithSharePrincipal(name string) Option {
	return func(s *settings) { s.share.principal = &name }
}

// WithShareWait bounds how long callers may be kept waiting for another process's refresh
// before the session makes its own, from 0 to 1 min. Default: 10 s.
func WithShareWait(d time.Duration) Option {
	return func(s *settings) {
		s.share.waits, s.share.wait = true, d
		s.set(core.OptShareWait, d.Seconds(), d)
	}
}

// WithShareTurn sets how long the right to refresh for the group lasts unless it is
// extended, from 1 s to 30 s: so long the others wait if the process that has it dies, but
// for a file store, which knows at once. Default: 5 s.
func WithShareTurn(d time.Duration) Option {
	return func(s *settings) {
		s.share.turn = d
		s.set(core.OptShareTurn, d.Seconds(), d)
	}
}

// WithShareCall bounds one call of the store, from 25 ms to 10 s. Default: what the store
// says, or 250 ms.
func WithShareCall(d time.Duration) Option {
	return func(s *settings) {
		s.share.call = d
		s.set(core.OptShareCall, d.Seconds(), d)
	}
}
