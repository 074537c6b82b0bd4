// Package redisshare makes a [share.Store] of Redis (5 or newer) or Valkey, by a client of
// go-redis that you have:
//
//	client := redis.NewClient(&redis.Options{Addr: "redis.internal:6379", TLSConfig: &tls.Config{}})
//	store := redisshare.New(client)
//
// Each call is one script on one key, so it works in a cluster. TLS, the user's name and
// what that user may do are the client's: it needs the commands EVAL, EVALSHA, TIME,
// HMGET, HSET, HDEL, PTTL and PEXPIRE on keys that begin with "evercreds1:".
package redisshare

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	scripts "github.com/evercreds/evercreds/internal/share/redis"
	"github.com/evercreds/evercreds/share"
)

// Store is a [share.Store]. Make one with [New].
type Store struct {
	client redis.Scripter
}

// New returns the store of a client, a [*redis.Client], [*redis.ClusterClient] or any
// other. It stays yours: the store never closes it. A nil client is refused with a panic.
func New(client redis.Scripter) *Store {
	if client == nil {
		panic("redisshare: the client must be one of go-redis; got nil")
	}
	return &Store{client}
}

// Figures says that calls have 250 ms, and that who waits looks again after 100 ms.
func (*Store) Figures() share.Figures {
	return share.Figures{Call: 250 * time.Millisecond, Poll: 100 * time.Millisecond}
}

// String says what it is. The client may have a password.
func (*Store) String() string { return "redisshare.Store" }

var (
	read     = redis.NewScript(scripts.Read.Source())
	campaign = redis.NewScript(scripts.Campaign.Source())
	publish  = redis.NewScript(scripts.Publish.Source())
	resign   = redis.NewScript(scripts.Resign.Source())
)

// Read runs read.lua.
func (s *Store) Read(ctx context.Context, key string) (share.Record, error) {
	a, err := s.run(ctx, read, key, 10)
	if err != nil {
		return share.Record{}, err
	}
	return share.Record{
		ClockMS: a.integer(0), Number: a.integer(1), Owner: a.text(2), TurnLeft: ms(a.integer(3)),
		Entry:  share.Entry{Sealed: a.bytes(4), Generation: a.integer(5), Fingerprint: a.print(6), ExpiryMS: a.integer(7)},
		Notice: a.bytes(8), NoticeLeft: ms(a.integer(9)),
	}, a.err
}

// Campaign runs campaign.lua.
func (s *Store) Campaign(ctx context.Context, key string, c share.Campaign) (share.Turn, error) {
	if c.Exclusive {
		return share.Turn{}, fmt.Errorf("redisshare: an exclusive turn needs a store whose turn is a lock; Redis has none")
	}
	a, err := s.run(ctx, campaign, key, 4, c.Owner, c.Seen, c.SawNumber, print16(c.SawFingerprint), c.Length.Milliseconds())
	if err != nil {
		return share.Turn{}, err
	}
	return share.Turn{ClockMS: a.integer(0), Won: a.integer(1) == 1, Number: a.integer(2), Left: ms(a.integer(3))}, a.err
}

// Publish runs publish.lua.
func (s *Store) Publish(ctx context.Context, key string, p share.Publication) (share.Published, error) {
	if len(p.Entry.Sealed) > share.MaxSealed {
		return share.Published{}, tooLong(p.Entry.Sealed)
	}
	junkGeneration, junkPrint := "", ""
	if p.Junk != nil {
		junkGeneration, junkPrint = strconv.FormatInt(p.Junk.Generation, 10), print16(p.Junk.Fingerprint)
	}
	a, err := s.run(ctx, publish, key, 2, p.Owner, p.Number, base64.StdEncoding.EncodeToString(p.Entry.Sealed), p.Entry.Generation,
		print16(p.Entry.Fingerprint), p.Entry.ExpiryMS, print16(p.Replaces), p.TTL.Milliseconds(), junkGeneration, junkPrint)
	if err != nil {
		return share.Published{}, err
	}
	return share.Published{ClockMS: a.integer(0), Stored: a.integer(1) == 1}, a.err
}

// Resign runs resign.lua.
func (s *Store) Resign(ctx context.Context, key string, r share.Resignation) error {
	if len(r.Notice) > share.MaxSealed {
		return tooLong(r.Notice)
	}
	_, err := s.run(ctx, resign, key, 2, r.Owner, r.Number, base64.StdEncoding.EncodeToString(r.Notice),
		r.NoticeLength.Milliseconds(), r.TTL.Milliseconds())
	return err
}

func tooLong(sealed []byte) error {
	return fmt.Errorf("redisshare: a sealed entry or notice must have at most %d bytes; got %d", share.MaxSealed, len(sealed))
}

func print16(fingerprint uint64) string { return fmt.Sprintf("%016x", fingerprint) }

func ms(n int64) time.Duration { return time.Duration(min(n, 1<<43)) * time.Millisecond }

// run runs a script by its hash, and by its text where the server does not know it.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, length int, args ...any) (*answer, error) {
	got, err := script.Run(ctx, s.client, []string{key}, args...).Slice()
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "WRONGTYPE"):
		return nil, fmt.Errorf("redisshare: %w: the key has another type", share.ErrUnreadable)
	case err != nil:
		return nil, fmt.Errorf("redisshare: %w", err)
	case len(got) != length:
		return nil, fmt.Errorf("redisshare: %w: it has %d values, not %d", share.ErrUnreadable, len(got), length)
	}
	return &answer{values: got}, nil
}

// answer is a script's. Its first error stays.
type answer struct {
	values []any
	err    error
}

func (a *answer) wrong(i int) {
	if a.err == nil {
		a.err = fmt.Errorf("redisshare: %w: value %d has another type", share.ErrUnreadable, i+1)
	}
}

func (a *answer) integer(i int) int64 {
	n, ok := a.values[i].(int64)
	if !ok {
		a.wrong(i)
	}
	return n
}

func (a *answer) text(i int) string {
	s, ok := a.values[i].(string)
	if !ok {
		a.wrong(i)
	}
	return s
}

func (a *answer) bytes(i int) []byte {
	b, err := base64.StdEncoding.DecodeString(a.text(i))
	if err != nil {
		a.wrong(i)
	}
	return b
}

func (a *answer) print(i int) uint64 {
	v, err := strconv.ParseUint(a.text(i), 16, 64)
	if err != nil {
		a.wrong(i)
	}
	return v
}
