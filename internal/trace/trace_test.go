package trace

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestErrorsNameTheLine: a slip in a scenario must be found by its line, or it
// would pass for an answer of the machine.
func TestErrorsNameTheLine(t *testing.T) {
	const session = "open seed=1\nask\n"
	const snapshot = session + "snapshot\n"
	for _, c := range []struct{ text, want string }{
		{"ask", "line 1: there is no session: open one first"},
		{"open seed=1 policy=aws2025", `line 1: policy="aws2025" is not understood`},
		{"open", "line 1: seed must be given, a whole number"},
		{"open seed=x", "line 1: seed must be given, a whole number"},
		{"open seed=1 advisory=5", `line 1: "advisory=5" is not understood here`},
		{"# a comment\n\n  an answer\nopen seed=1\njump", `line 5: "jump" is no event`},
		{session + "+5q ask", `line 3: "5q" is not a span`},
		{session + "+-5s ask", `line 3: "-5s" is not a span`},
		{session + "ask min_ttl=5", `line 3: min_ttl="5" is not a span`},
		{session + "ask now", `line 3: "now" is not understood here`},
		{session + "complete life=1h fp=1", "line 3: a ticket must be given, as #1"},
		{session + "complete #x life=1h fp=1", "line 3: a ticket must be given, as #1"},
		{session + "complete #1 fp=1", "line 3: complete needs life=D, expires=D or endless"},
		{session + "complete #1 life=1h", "line 3: fp must be given, a whole number"},
		{session + "complete #1 life=1h expires=2h fp=1", `line 3: "expires=2h" is not understood here`},
		{session + "fail #1", "line 3: class must be recoverable, permanent or throttled"},
		{session + "fail #1 class=none", "line 3: class must be recoverable, permanent or throttled"},
		{session + "invalidate", "line 3: fp must be given, a whole number"},
		{session + "status mood", `line 3: "mood" is no status field`},
		{session + "clock wall=soon", `line 3: wall="soon" is not a span`},
		{session + "restore seed=2", "line 3: there is no snapshot: take one first"},
		{snapshot + "restore", "line 4: seed must be given, a whole number"},
		{snapshot + "restore seed=2 damage=9999", "line 4: damage is beyond the snapshot"},
		{"rule weather x", `line 1: "weather" is no rule`},
		{"rule class sts", "line 1: rule class needs METHOD STATUS [CODE]"},
		{"rule class sts many", "line 1: rule class needs a method and a number"},
		{"rule duration", "line 1: rule duration needs SECONDS [chained]"},
		{"rule duration long", `line 1: "long" is not a number`},
	} {
		err := Replay(strings.NewReader(c.text), io.Discard, &Native{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

func TestSpans(t *testing.T) {
	for ms, text := range map[int64]string{
		0: "0s", 1: "1ms", 999: "999ms", 1000: "1s", 61001: "1m1s1ms",
		93784005: "1d2h3m4s5ms", 86400000: "1d", 604800000: "7d", -90000: "-1m30s",
	} {
		if got := FormatSpan(ms); got != text {
			t.Errorf("FormatSpan(%d) = %q, want %q", ms, got, text)
		}
		if got, ok := ParseSpan(text); !ok || got != ms {
			t.Errorf("ParseSpan(%q) = %d, %v, want %d", text, got, ok, ms)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		ms := random.Int64N(1<<52) >> random.IntN(52)
		if random.IntN(2) == 0 {
			ms = -ms
		}
		if got, ok := ParseSpan(FormatSpan(ms)); !ok || got != ms {
			t.Fatalf("ParseSpan(FormatSpan(%d)) = %d, %v", ms, got, ok)
		}
	}
	for _, text := range []string{"", "-", "s", "5", "5q", "1s1m", "1m1m", "1.5s", "--1s", "1s ", "+1s", "99999999999999999999s"} {
		if ms, ok := ParseSpan(text); ok {
			t.Errorf("ParseSpan(%q) = %d, want a refusal", text, ms)
		}
	}
}

// TestTicketsAreNumberedByTheirStart: the numbers in a scenario do not depend on
// the seed, and a ticket that was never issued stands for itself.
func TestTicketsAreNumberedByTheirStart(t *testing.T) {
	for _, seed := range []string{"1", "2", "99"} {
		var out strings.Builder
		text := "open seed=" + seed + "\nask\ncomplete #7 life=1h fp=1\ncomplete #1 life=1h fp=1\n+50m ask\nstatus set flight unknown_tickets\n"
		if err := Replay(strings.NewReader(text), &out, &Native{}); err != nil {
			t.Fatal(err)
		}
		if want := "status set=#1 flight=#2 unknown_tickets=1\n"; !strings.HasSuffix(out.String(), want) {
			t.Errorf("seed %s: got\n%s\nwant at the end %s", seed, out.String(), want)
		}
	}
}
