package core_test

import (
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
)

// Whatever Restore accepts is a session that works: it answers, makes progress
// when woken, and has a snapshot that is accepted again.
func FuzzRestore(f *testing.F) {
	for policy := core.Classic; policy <= core.AWS2026; policy++ {
		for _, eager := range []float64{0, 1} {
			s := core.New()
			_ = s.Set(core.OptPolicy, float64(policy))
			_ = s.Set(core.OptDeferRefresh, eager)
			now := core.Now{Wall: 1_800_000_000_000, Elapsed: 1000}
			if _, err := s.Open(now, 1); err != nil {
				f.Fatal(err)
			}
			f.Add(body(s), int64(5), int64(6))
			d := s.Force(now)
			s.Complete(d.Ticket, now, core.Facts{Expiry: now.Wall + hour, Fingerprint: 1})
			s.Invalidate(1, now)
			f.Add(body(s), now.Wall, int64(0))
		}
	}
	f.Fuzz(func(t *testing.T, words []byte, wall, elapsed int64) {
		now := core.Now{Wall: wall, Elapsed: elapsed}
		s, d, err := core.Restore(sealed(words), now, 3)
		if err != nil {
			return
		}
		for i := 0; d.NextWake <= elapsed && elapsed >= 0 && elapsed < 1<<40; i++ {
			if i > 3 {
				t.Fatalf("busy: %+v", d)
			}
			d = s.Wake(now)
		}
		d = s.Ask(now, 0)
		if d.Kind == core.None {
			t.Fatalf("%+v", d)
		}
		if d.Kind == core.Serve && d.LeaseElapsed < core.Never && d.LeaseElapsed-max(elapsed, 0) > 1<<51 {
			t.Fatalf("overflow: %+v", d)
		}
		if d.Started != 0 {
			s.Complete(d.Started, now, core.Facts{Expiry: wall + hour, Fingerprint: 4})
		}
		for field := core.StatusPhase; field <= core.StatusRejections; field++ {
			s.Status(field, now)
		}
		if _, _, err := core.Restore(s.AppendSnapshot(nil), now, 4); err != nil {
			t.Fatalf("its own snapshot: %v", err)
		}
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
		if err == nil && (got < 0 || got > 253402300800000+24*hour) {
			t.Fatalf("%q: %d", text, got)
		}
		want, refused := time.Parse(time.RFC3339, text)
		_, offset := want.Zone()
		if refused != nil || want.UnixMilli() < 0 || want.Unix() < 0 || offset >= 86400 || offset <= -86400 {
			return
		}
		if err != nil || got != want.UnixMilli() {
			t.Fatalf("%q: %d, %v; time.Parse says %d", text, got, err, want.UnixMilli())
		}
	})
}
