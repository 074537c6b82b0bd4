package core_test

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evercreds/evercreds/core"
)

// snapshots are of sessions in various states, without their checksums, so that
// changes get past that.
func snapshots(t testing.TB) (all [][]byte) {
	now := core.Now{Wall: 1_800_000_000_000, Elapsed: 1000}
	for policy := core.Classic; policy <= core.AWS2026; policy++ {
		for _, eager := range []float64{0, 1} {
			s, err := newSession(options{core.OptPolicy: float64(policy), core.OptDeferRefresh: eager})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Open(now, 1); err != nil {
				t.Fatal(err)
			}
			all = append(all, body(s))
			for i, fingerprint := range []uint64{1, 2, 3} {
				d := s.Force(now)
				s.Complete(d.Ticket, now, core.Facts{Expiry: now.Wall + hour + int64(i), Fingerprint: fingerprint})
				all = append(all, body(s))
				s.Ask(now, core.Need{Other: fingerprint, Evidence: core.EvidenceStrong})
				all = append(all, body(s))
				s.Invalidate(fingerprint, now)
			}
			d := s.Force(now)
			s.Fail(d.Ticket, now, core.Permanent, core.CodeSource, 0)
			all = append(all, body(s))
		}
	}
	return append(all, sharedSnapshots(t, now)...)
}

// sharedSnapshots are of a session that shares: before and after a flight with the turn,
// and after the store has failed.
func sharedSnapshots(t testing.TB, now core.Now) (all [][]byte) {
	s, err := newSession(options{core.OptShare: float64(core.Shared)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(now, 1); err != nil {
		t.Fatal(err)
	}
	all = append(all, body(s))
	d := s.ShareFound(s.Ask(now, core.Need{}).ShareCall, now, core.Found{Turn: 7})
	d = s.ShareLed(d.ShareCall, now, 8, true, 0)
	s.Complete(d.Started, now, core.Facts{Expiry: now.Wall + hour, Fingerprint: 1, ServerTime: now.Wall})
	all = append(all, body(s))
	s.Invalidate(1, now)
	s.ShareFailed(s.Ask(now, core.Need{}).ShareCall, now, core.StoreUnreachable)
	return append(all, body(s))
}

// Whatever Restore accepts is a session that works: it answers, makes progress
// when woken, and has a snapshot that is accepted again.
func checkRestored(t interface {
	Fatalf(format string, args ...any)
}, words []byte, now core.Now) {
	s, d, err := core.Restore(sealed(words), now, 3)
	if err != nil {
		return
	}
	elapsed := min(max(now.Elapsed, 0), 253402300800000)
	for i := 0; d.NextWake <= elapsed; i++ {
		if i > 3 {
			t.Fatalf("busy: %+v", d)
		}
		d = s.Wake(now)
	}
	for _, need := range []core.Need{{Other: 3, Evidence: core.EvidenceStrong, Until: core.Never}, {}} {
		if d = s.Ask(now, need); d.Kind == core.None || d.Kind == core.Serve && d.Set == 0 || d.Until > elapsed+hour {
			t.Fatalf("%+v: %+v", need, d)
		}
	}
	for _, at := range []int64{d.LeaseElapsed, d.LeaseWall, d.Expiry, d.Deadline, d.RetryAt, d.NextWake} {
		if at > core.Never || at < -2*core.Never {
			t.Fatalf("an instant beyond all bounds: %+v", d)
		}
	}
	if d.Started != 0 {
		s.Complete(d.Started, now, core.Facts{Expiry: now.Wall + hour, Fingerprint: 4})
	}
	for field := core.StatusPhase; field <= core.StatusIsReported; field++ {
		s.Status(field, now)
	}
	if _, _, err := core.Restore(s.AppendSnapshot(nil), now, 4); err != nil {
		t.Fatalf("its own snapshot: %v", err)
	}
}

func FuzzRestore(f *testing.F) {
	for i, b := range snapshots(f) {
		f.Add(b, int64(1_800_000_000_000*(i%2)), int64(i))
	}
	f.Fuzz(func(t *testing.T, words []byte, wall, elapsed int64) {
		checkRestored(t, words, core.Now{Wall: wall, Elapsed: elapsed})
	})
}

// The same with fields set to numbers at the edges of all ranges.
func TestHostileSnapshots(t *testing.T) {
	edges := []int64{
		0, 1, 2, 7, 1000, hour, 12 * hour, 1_800_000_000_000, 253402300800000, 253402300800001,
		core.Never - 1, core.Never, core.Never + 1, 1<<63 - 1, 1 << 62,
	}
	states := snapshots(t)
	rapid.Check(t, func(t *rapid.T) {
		words := append([]byte(nil), rapid.SampledFrom(states).Draw(t, "state")...)
		edge := rapid.Custom(func(t *rapid.T) int64 {
			return rapid.SampledFrom(edges).Draw(t, "edge") * rapid.SampledFrom([]int64{1, -1}).Draw(t, "sign")
		})
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := rapid.IntRange(1, len(words)/8-1).Draw(t, "field") * 8
			binary.LittleEndian.PutUint64(words[at:], uint64(edge.Draw(t, "value")))
		}
		checkRestored(t, words, core.Now{Wall: edge.Draw(t, "wall"), Elapsed: edge.Draw(t, "elapsed")})
	})
}

// body is a snapshot without its checksum, so that the fuzzer gets past that.
func body(s *core.Session) []byte {
	b := s.AppendSnapshot(nil)
	return b[:len(b)-8]
}

func sealed(b []byte) []byte {
	sum := uint64(0xcbf29ce484222325)
	for _, c := range b {
		sum = (sum ^ uint64(c)) * 0x100000001b3
	}
	b = append([]byte(nil), b...)
	for i := range 8 {
		b = append(b, byte(sum>>(8*i)))
	}
	return b
}

// ParseExpiry never panics, and agrees with time.Parse where both read a text.
func FuzzParseExpiry(f *testing.F) {
	for _, seed := range []string{
		"2026-01-31T09:30:00Z", "2026-01-31T09:30:00.123456+02:00", "2026-01-31 09:30:00 UTC", "", "2026-02-30T00:00:00Z",
		"9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z", "2026-01-31T09:30:60Z", "2026-01-31T09:30:00,5-0330",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := core.ParseExpiry([]byte(text))
		if err == nil && (got < 0 || got >= 253402300800000) {
			t.Fatalf("%q: %d", text, got)
		}
		want, refused := time.Parse(time.RFC3339, text)
		if err != nil || refused != nil { // each is stricter than the other in something
			return
		}
		if got != min(want.UnixMilli(), 253402300799999) {
			t.Fatalf("%q: %d, %v; time.Parse says %d", text, got, err, want.UnixMilli())
		}
	})
}
