package redisshare_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/redisshare"
	"github.com/evercreds/evercreds/share/sharetest"
)

const (
	key    = "evercreds1:00112233445566778899aabbccddeeff"
	ownerA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	ownerB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var _ share.Store = (*redisshare.Store)(nil)

func TestRedisKeepsTheRules(t *testing.T) {
	client := startServer(t).client()
	sharetest.Run(t, func() share.Store { return redisshare.New(client) })
}

// Keys lie in all slots, and the scripts name no others.
func TestAClusterKeepsTheRules(t *testing.T) {
	port := freePort(t)
	server := startServer(t, "--cluster-enabled", "yes", "--bind", "127.0.0.1", "--port", port)
	direct := server.client()
	if err := direct.ClusterAddSlotsRange(minute(t), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(direct.ClusterInfo(minute(t)).Val(), "cluster_state:ok") {
		time.Sleep(20 * time.Millisecond)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:" + port}, ReadOnly: true, ReadTimeout: time.Minute, MaxRetries: 3})
	defer func() { _ = client.Close() }()
	sharetest.Run(t, func() share.Store { return redisshare.New(client) })
}

func freePort(t *testing.T) string {
	t.Helper()
	// A cluster's bus has the port 10,000 above.
	for port := 21000; port < 40000; port += 7 {
		one, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		two, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000))
		_ = one.Close()
		if err == nil {
			_ = two.Close()
			return fmt.Sprint(port)
		}
	}
	t.Fatal("no port is free")
	return ""
}

func campaign(t *testing.T, s share.Store, owner string, seen int64) share.Turn {
	t.Helper()
	r, err := s.Read(minute(t), key)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := s.Campaign(minute(t), key, share.Campaign{Owner: owner, Seen: seen, SawNumber: r.Number, SawFingerprint: r.Entry.Fingerprint, Length: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

// The server forgets its scripts and its keys; numbers go on from the highest seen.
func TestAFlushedServer(t *testing.T) {
	client := startServer(t).client()
	store := redisshare.New(client)
	if turn := campaign(t, store, ownerA, 41); !turn.Won || turn.Number != 42 || turn.Left != time.Minute || turn.ClockMS == 0 {
		t.Fatalf("got %+v", turn)
	}
	if err := errors.Join(client.FlushAll(minute(t)).Err(), client.ScriptFlush(minute(t)).Err()); err != nil {
		t.Fatal(err)
	}
	if turn := campaign(t, store, ownerB, 42); !turn.Won || turn.Number != 43 {
		t.Errorf("got %+v", turn)
	}
}

func TestARecordLastsForAnHourAtLeast(t *testing.T) {
	client := startServer(t).client()
	store := redisshare.New(client)
	ttl := func() time.Duration { return client.PTTL(minute(t), key).Val() }
	campaign(t, store, ownerA, 0)
	if got := ttl(); got < 59*time.Minute || got > time.Hour {
		t.Errorf("after a campaign: %s", got)
	}
	e := share.Entry{Sealed: []byte("sealed"), Generation: 1, Fingerprint: 1, ExpiryMS: 1}
	publish := func(ttl time.Duration) {
		if d, err := store.Publish(minute(t), key, share.Publication{Owner: ownerA, Number: 1, Entry: e, TTL: ttl}); err != nil || !d.Stored {
			t.Fatal(d, err)
		}
	}
	if publish(12 * time.Hour); ttl() < 11*time.Hour {
		t.Errorf("after a publication: %s", ttl())
	}
	publish(time.Minute)
	if campaign(t, store, ownerB, 0); ttl() < 11*time.Hour {
		t.Errorf("a later call makes it shorter: %s", ttl())
	}
}

func TestWhatIsNoRecord(t *testing.T) {
	client := startServer(t).client()
	store := redisshare.New(client)
	if err := client.Set(minute(t), key, "text", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Read(minute(t), key); !errors.Is(err, share.ErrUnreadable) {
		t.Errorf("a key of another type: %v", err)
	}
	for name, fields := range map[string][]string{
		"a number that is text": {"number", "x", "owner", ownerA, "turn_ends_ms", "9007199254740991"},
		"a number of 2^52":      {"number", "4503599627370496", "owner", ownerA, "turn_ends_ms", "9007199254740991"},
		"a long number":         {"number", strings.Repeat("9", 400), "owner", ownerA, "turn_ends_ms", "9007199254740991"},
		"an owner of others":    {"number", "5", "owner", strings.Repeat("A", 32), "turn_ends_ms", "9007199254740991"},
		"an end of 2^53":        {"number", "5", "owner", ownerA, "turn_ends_ms", "9007199254740992"},
		"a fraction":            {"number", "5.5", "owner", ownerA, "turn_ends_ms", "9007199254740991"},
		"an entry's own":        {"entry", "c2VhbGVk", "generation", "-1", "fingerprint", strings.Repeat("0", 16), "expiry_ms", "1"},
		"a fingerprint":         {"entry", "c2VhbGVk", "generation", "1", "fingerprint", "12", "expiry_ms", "1"},
		"no base64":             {"entry", "?", "generation", "1", "fingerprint", strings.Repeat("1", 16), "expiry_ms", "1", "notice", "?", "notice_ends_ms", "9007199254740991"},
		"base64 that is cut":    {"entry", "c2V", "generation", "1", "fingerprint", strings.Repeat("1", 16), "expiry_ms", "1"},
		"text around base64":    {"entry", "c2VhbGVk\nc2VhbGVk", "generation", "1", "fingerprint", strings.Repeat("1", 16), "expiry_ms", "1"},
		"a megabyte":            {"entry", strings.Repeat("A", 1<<20), "generation", "1", "fingerprint", strings.Repeat("0", 16), "expiry_ms", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := errors.Join(client.Del(minute(t), key).Err(), client.HSet(minute(t), key, fields).Err()); err != nil {
				t.Fatal(err)
			}
			r, err := store.Read(minute(t), key)
			if err != nil || r.Number != 0 || r.TurnLeft != 0 || len(r.Entry.Sealed) > 0 || len(r.Notice) > 0 {
				t.Fatalf("got %+v, %v", r, err)
			}
			if turn := campaign(t, store, ownerB, 0); !turn.Won || turn.Number != 1 {
				t.Errorf("got %+v", turn)
			}
			d, err := store.Publish(minute(t), key, share.Publication{Owner: ownerB, Number: 1, TTL: time.Hour, Entry: share.Entry{Sealed: []byte("new")}})
			if err != nil || !d.Stored {
				t.Errorf("got %+v, %v", d, err)
			}
		})
	}
}

// A server that hangs or is gone costs the caller no more than ctx.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	server := startServer(t)
	store := redisshare.New(server.client())
	campaign(t, store, ownerA, 0)
	server.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	_, err := store.Read(ctx, key)
	if err == nil || !strings.HasPrefix(err.Error(), "redisshare: ") {
		t.Errorf("got %v", err)
	}
	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hangs.Close() }()
	client := redis.NewClient(&redis.Options{Addr: hangs.Addr().String(), ContextTimeoutEnabled: true, Password: "a secret password"})
	defer func() { _ = client.Close() }()
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	store = redisshare.New(client)
	if _, err = store.Read(ctx, key); err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v %s", err, err, err, store), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	store := redisshare.New(startServer(t).client())
	long := make([]byte, share.MaxSealed+1)
	if _, err := store.Campaign(minute(t), key, share.Campaign{Owner: ownerA, Exclusive: true}); err == nil || !strings.Contains(err.Error(), "is a lock") {
		t.Errorf("got %v", err)
	}
	if _, err := store.Publish(minute(t), key, share.Publication{Entry: share.Entry{Sealed: long}}); err == nil || !strings.Contains(err.Error(), "8192 bytes; got 8193") {
		t.Errorf("got %v", err)
	}
	if err := store.Resign(minute(t), key, share.Resignation{Notice: long}); err == nil || !strings.Contains(err.Error(), "8192 bytes; got 8193") {
		t.Errorf("got %v", err)
	}
}
