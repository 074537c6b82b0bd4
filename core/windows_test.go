package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Sections 3.1 to 3.4: every clause, as lifetime to windows, in milliseconds.
func TestWindows(t *testing.T) {
	const a, m, auto, policy = core.OptAdvisoryTimeout, core.OptMandatoryTimeout, core.OptAdvisoryAuto, core.OptPolicy
	aws := float64(core.AWS2026)
	for _, c := range []struct {
		name                string
		given               options
		life                int64
		advisory, mandatory int64
		noted               bool
	}{
		{"the seed's defaults", options{}, hour, 900 * second, 600 * second, false},
		{"defaults that just fit", options{}, 1800 * second, 900 * second, 600 * second, false},
		{"defaults shrink to half the life", options{}, 900 * second, 450 * second, 300 * second, false},
		{"M keeps its share", options{}, 901, 450, 300, false},
		{"A alone, below M's default", options{a: 300}, hour, 300 * second, 300 * second, false},
		{"A alone, above M's default", options{a: 1200}, hour, 1200 * second, 600 * second, false},
		{"M alone, below A's default", options{m: 100}, hour, 900 * second, 100 * second, false},
		{"M alone, above A's default", options{m: 1200}, hour, 1200 * second, 1200 * second, false},
		{"M alone stands when A shrinks", options{m: 500}, 20 * minute, 600 * second, 500 * second, false},
		{"M alone, past half the life", options{m: 3000}, hour, 3000 * second, 3000 * second, false},
		{"M alone, past nine tenths", options{m: 4000}, hour, 3240 * second, 3240 * second, true},
		{"both", options{a: 100, m: 50}, hour, 100 * second, 50 * second, false},
		{"both the same", options{a: 100, m: 100}, hour, 100 * second, 100 * second, false},
		{"none at all", options{a: 0, m: 0}, hour, 0, 0, false},
		{"nine tenths are honoured", options{a: 3240, m: 1}, hour, 3240 * second, second, false},
		{"more than nine tenths are not", options{a: 3241, m: 1}, hour, 3240 * second, second, true},
		{"both too long", options{a: 3600, m: 3600}, hour, 3240 * second, 3240 * second, true},
		{"A too long takes M's default along", options{a: 7200}, hour, 3240 * second, 270 * second, true},
		{"auto, 10 min", options{auto: 1}, 10 * minute, 5 * minute, minute, false},
		{"auto, 20 min", options{auto: 1}, 20 * minute, 5 * minute, minute, false},
		{"auto, above 20 min", options{auto: 1}, 20*minute + 1, 600 * second, 40 * second, false},
		{"auto, below 90 min", options{auto: 1}, 90*minute - 1, 15 * minute, minute, false},
		{"auto, 90 min", options{auto: 1}, 90 * minute, 45 * minute, 45 * second, false},
		{"auto, 2 h", options{auto: 1}, 2 * hour, hour, minute, false},
		{"auto with M", options{auto: 1, m: 120}, 2 * hour, hour, 120 * second, false},
		{"auto raised by M", options{auto: 1, m: 4000}, 3 * hour, 4000 * second, 4000 * second, false},
		{"adaptive is auto", options{policy: 1, core.OptJitter: 0}, 6 * hour, hour, minute, false},
		{"adaptive with A", options{policy: 1, core.OptJitter: 0, a: 1800, m: 30}, 6 * hour, 1800 * second, 30 * second, false},
		{"a preset keeps its own M", options{policy: 1, core.OptJitter: 0, a: 1800}, 6 * hour, 1800 * second, minute, false},
		{"aws2026 never shrinks", options{policy: aws}, 2 * minute, 5 * minute, minute, false},
		{"aws2026 with A", options{policy: aws, a: 1800, m: 1}, 6 * hour, 1800 * second, second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, c.given)
			h.ask()
			d := h.give(c.life)
			h.expectStatus(core.StatusAdvisory, c.advisory)
			h.expectStatus(core.StatusMandatory, c.mandatory)
			if noted := d.Notes&core.NoteWindowsShrunk != 0; noted != c.noted {
				t.Errorf("noted: %v", noted)
			}
			if c.advisory > c.life*9/10 && c.given[policy] != aws {
				t.Errorf("an advisory window of %d in a life of %d refreshes all the time", c.advisory, c.life)
			}
		})
	}
}

func TestShrunkenWindowsAreNotedOnce(t *testing.T) {
	h := open(t, options{core.OptAdvisoryTimeout: 3600, core.OptMandatoryTimeout: 1})
	h.ask()
	h.expectNote(h.give(hour), core.NoteWindowsShrunk)
	h.until(second)
	h.ask()
	if d := h.give(hour); d.Notes != core.NoteInstalled {
		t.Errorf("notes %b", d.Notes)
	}
}

// Section 3.3: nothing but a success recomputes the windows.
func TestWindowsAreFixedAtInstall(t *testing.T) {
	h := holding(t, options{core.OptAdvisoryAuto: 1}, 6*hour)
	h.until(30 * minute) // by the lifetime that is left they would be shorter
	h.expect(h.ask(), core.ServeAndRefresh)
	h.fail(core.Recoverable)
	h.expectStatus(core.StatusAdvisory, hour)
	h.until(2 * minute)
	h.ask()
	h.give(10 * minute)
	h.expectStatus(core.StatusAdvisory, 5*minute)
}

// Section 3.5: the refresh point of each set is drawn once, from the first half
// of the way from A to M.
func TestJitter(t *testing.T) {
	var least, most int64 = hour, 0
	for seed := range uint64(300) {
		h := openSeed(t, options{core.OptJitter: 1}, seed)
		h.ask()
		h.give(hour)
		a := h.status(core.StatusAdvisory)
		least, most = min(least, a), max(most, a)
		h.expectStatus(core.StatusMandatory, 600*second)
		h.until(a + 1)
		h.expect(h.ask(), core.Serve)
		h.pass(1)
		h.expect(h.ask(), core.ServeAndRefresh)
		h.expectStatus(core.StatusAdvisory, a)
	}
	within(t, "earliest", most, 895*second, 900*second)
	within(t, "latest", least, 750*second, 755*second)
}

// Section 3.6: only custom sources may say that a set has no expiry.
func TestEndless(t *testing.T) {
	for method, allowed := range map[core.Method]bool{
		core.MethodSTS: false, core.MethodIoT: false, core.MethodCustom: true, core.MethodRegistered: true,
	} {
		h := open(t, options{core.OptMethod: float64(method)})
		h.ask()
		h.complete(core.Facts{Expiry: core.Never, Fingerprint: 7})
		h.prints = 7
		if !allowed {
			h.expectError(h.answer(h.flight), core.CodeMalformed)
			continue
		}
		h.pass(1000 * 24 * hour)
		d := h.ask()
		if h.expect(d, core.Serve); d.Flags != core.Endless || d.LeaseElapsed != core.Never || d.Expiry != core.Never {
			t.Errorf("%+v", d)
		}
		h.force()
		h.give(hour)
		h.expectStatus(core.StatusLifetime, hour)
	}
}

func TestEndlessIsServedUntilItIsRejected(t *testing.T) {
	h := open(t, options{core.OptMethod: float64(core.MethodCustom), core.OptDeferRefresh: 0})
	if d := h.complete(core.Facts{Expiry: core.Never, Fingerprint: 7}); d.NextWake != core.Never {
		t.Errorf("next wake %d", d.NextWake)
	}
	h.prints = 7
	h.pass(24 * hour)
	h.reject()
	if d := h.ask(); d.Kind != core.Wait && d.Kind != core.Refresh {
		t.Errorf("%+v", d)
	}
}
