package core_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Section 3.1 and its kin: each refused value names its parameter.
func TestOptionValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		option core.Option
		name   string
		good   []float64
		bad    []float64
	}{
		{core.OptPolicy, "policy", []float64{0, 1, 2}, []float64{-1, 3, 0.5}},
		{core.OptMethod, "method", []float64{1, 2, 3, 16, 1000}, []float64{0, 4, 15, 1<<30 + 1, 1.5}},
		{core.OptAdvisoryTimeout, "advisory_timeout", []float64{600, 43199}, []float64{-1, 43200, 0.5, 1e300}},
		{core.OptMandatoryTimeout, "mandatory_timeout", []float64{0, 900, 43199}, []float64{-1, 43200, 0.5}},
		{core.OptAdvisoryAuto, "advisory_timeout", []float64{0, 1}, []float64{2, 0.5}},
		{core.OptStability, "stability", []float64{0, 1, 2}, []float64{3, -1}},
		{core.OptAdvisoryRefresh, "advisory_refresh", []float64{0, 1}, []float64{2}},
		{core.OptRefreshTimeout, "refresh_timeout", []float64{0.0001, 0.5, 43200}, []float64{0, -1, 43200.1}},
		{core.OptJitter, "jitter", []float64{0, 1}, []float64{2}},
		{core.OptMaxStale, "max_stale", []float64{0, 0.5, 31536000}, []float64{-1, 31536001}},
		{core.OptDeferRefresh, "defer_refresh", []float64{0, 1}, []float64{-1}},
		{core.OptAttended, "attended", []float64{0, 1}, []float64{7}},
	} {
		for _, v := range c.good {
			h := open(t, options{c.option: v})
			h.ask() // or the eager session did
			h.give(hour)
			h.expect(h.ask(), core.Serve)
		}
		for _, v := range append(c.bad, nan, inf, -inf) {
			err := core.New().Set(c.option, v)
			var refused *core.OptionError
			if !errors.As(err, &refused) || refused.Option != c.option || !strings.HasPrefix(core.OptionRule(c.option), c.name) ||
				!strings.Contains(err.Error(), c.name) {
				t.Errorf("%s = %v: %v", c.name, v, err)
			}
		}
	}
	if err := core.New().Set(99, 1); err == nil || core.New().Set(0, 1) == nil {
		t.Error("options that do not exist are taken")
	}
}

func TestWindowsAreCheckedAsAPair(t *testing.T) {
	for _, c := range []struct {
		given options
		named core.Option
	}{
		{options{core.OptAdvisoryTimeout: 10, core.OptMandatoryTimeout: 11}, core.OptMandatoryTimeout},
		{options{core.OptAdvisoryTimeout: 10, core.OptAdvisoryAuto: 1}, core.OptAdvisoryAuto},
	} {
		s, err := newSession(c.given)
		if err != nil {
			t.Fatal(err)
		}
		var refused *core.OptionError
		if _, err := s.Open(core.Now{}, 1); !errors.As(err, &refused) || refused.Option != c.named {
			t.Errorf("%v: %v", c.given, err)
		}
		if d := s.Ask(core.Now{}, core.Need{}); d.Started != 0 {
			t.Errorf("open in spite of the error: asking starts attempt %d", d.Started)
		}
	}
}

// A refused value leaves the one before it in force.
func TestRefusedValueChangesNothing(t *testing.T) {
	s := core.New()
	if s.Set(core.OptAdvisoryTimeout, 700) != nil || s.Set(core.OptAdvisoryTimeout, -5) == nil {
		t.Fatal("Set")
	}
	now := core.Now{Wall: 1_800_000_000_000}
	d, err := s.Open(now, 1)
	if err != nil {
		t.Fatal(err)
	}
	d = s.Ask(now, core.Need{})
	s.Complete(d.Started, now, core.Facts{Expiry: now.Wall + hour, Fingerprint: 1})
	if a := s.Status(core.StatusAdvisory, now); a != 700*second {
		t.Errorf("advisory window %d", a)
	}
	if s.Set(core.OptJitter, 1) == nil {
		t.Error("an option was taken after Open")
	}
	if _, err := s.Open(now, 1); err == nil {
		t.Error("opened twice")
	}
}

func TestRefreshTimeoutByMethod(t *testing.T) {
	for method, want := range map[core.Method]int64{
		core.MethodSTS: minute, core.MethodIoT: minute, core.MethodCustom: 15 * minute, core.MethodRegistered: 15 * minute,
	} {
		h := open(t, options{core.OptMethod: float64(method)})
		if d := h.ask(); d.Deadline-h.now.Elapsed != want || d.StartDeadline != d.Deadline {
			t.Errorf("method %d: %+v", method, d)
		}
		if h.s.Method() != method {
			t.Errorf("method %d", h.s.Method())
		}
	}
}
