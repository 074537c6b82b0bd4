package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
)

// host drives one session in a test, on two steady clocks.
type host struct {
	t      *testing.T
	s      *core.Session
	now    core.Now
	opened core.Decision
	flight int64 // the latest that was started
	prints uint64
}

type options map[core.Option]float64

// strict is the seed's rule: a failed required refresh is an error.
var strict = options{core.OptStability: float64(core.Strict)}

func newSession(o options) (*core.Session, error) {
	s := core.New()
	for name := core.OptPolicy; name <= core.OptMaxWait; name++ {
		if value, ok := o[name]; ok {
			if err := s.Set(name, value); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func open(t *testing.T, o options) *host { t.Helper(); return openSeed(t, o, 1) }

func openSeed(t *testing.T, o options, seed uint64) *host {
	t.Helper()
	h := &host{t: t, now: core.Now{Wall: 1_800_000_000_000, Elapsed: 5000}}
	var err error
	if h.s, err = newSession(o); err != nil {
		t.Fatal(err)
	}
	if h.opened, err = h.s.Open(h.now, seed); err != nil {
		t.Fatal(err)
	}
	h.saw(h.opened)
	return h
}

// holding opens a session and lets it fetch a set of the given lifetime.
func holding(t *testing.T, o options, life int64) *host {
	t.Helper()
	h := open(t, o)
	if h.flight == 0 {
		h.expect(h.ask(), core.Refresh)
	}
	h.give(life)
	return h
}

func (h *host) saw(d core.Decision) core.Decision {
	if d.Started != 0 {
		h.flight = d.Started
	}
	return d
}

func (h *host) pass(span int64) {
	h.now.Wall += span
	h.now.Elapsed += span
}

// until lets time pass up to a time left.
func (h *host) until(left int64) {
	h.t.Helper()
	span := h.status(core.StatusRemaining) - left
	if span < 0 {
		h.t.Fatalf("the set has %d ms less left already", -span)
	}
	h.pass(span)
}

func (h *host) ask() core.Decision { return h.askFor(0) }

func (h *host) askFor(minTTL int64) core.Decision {
	return h.saw(h.s.Ask(h.now, core.Need{MinTTL: minTTL}))
}

func (h *host) answer(ticket int64) core.Decision {
	return h.saw(h.s.Answer(ticket, h.now, core.Need{}, false))
}

// give completes the latest flight with a new set.
func (h *host) give(life int64) core.Decision {
	h.prints++
	return h.complete(core.Facts{Expiry: h.now.Wall + life, Fingerprint: h.prints})
}

func (h *host) complete(f core.Facts) core.Decision {
	return h.saw(h.s.Complete(h.flight, h.now, f))
}

func (h *host) fail(c core.Class) core.Decision { return h.failAfter(c, 0) }

func (h *host) failAfter(c core.Class, retryAfter int64) core.Decision {
	return h.saw(h.s.Fail(h.flight, h.now, c, core.CodeSource, retryAfter))
}

func (h *host) force() core.Decision { return h.saw(h.s.Force(h.now)) }

func (h *host) wake() core.Decision { return h.saw(h.s.Wake(h.now)) }

// reject reports the latest set as rejected by a service.
func (h *host) reject() core.Decision { return h.saw(h.s.Invalidate(h.prints, h.now)) }

func (h *host) status(f core.Field) int64 { return h.s.Status(f, h.now) }

func (h *host) expect(d core.Decision, kind core.Kind) {
	h.t.Helper()
	if d.Kind != kind {
		h.t.Fatalf("kind %d, want %d: %+v", d.Kind, kind, d)
	}
}

func (h *host) expectError(d core.Decision, code core.Code) {
	h.t.Helper()
	if d.Kind != core.Error || d.Code != code {
		h.t.Fatalf("kind %d, code %d; want the error %d: %+v", d.Kind, d.Code, code, d)
	}
}

func (h *host) expectNote(d core.Decision, note core.Note) {
	h.t.Helper()
	if d.Notes&note == 0 {
		h.t.Fatalf("notes %b lack %b", d.Notes, note)
	}
}

func (h *host) expectStatus(f core.Field, want int64) {
	h.t.Helper()
	if got := h.status(f); got != want {
		h.t.Fatalf("status %d is %d, want %d", f, got, want)
	}
}

// within fails unless a drawn span is in its bounds.
func within(t *testing.T, what string, got, least, most int64) {
	t.Helper()
	if got < least || got > most {
		t.Fatalf("%s: %d is not in [%d, %d]", what, got, least, most)
	}
}
