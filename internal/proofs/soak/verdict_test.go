package main

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// series are n samples of one thing that begins at a number, swings by noise and
// grows by so much with each sample.
func series(name string, n int, from, noise, growth float64) (samples []usage) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		samples = append(samples, usage{name: from + noise*(2*random.Float64()-1) + growth*float64(i)})
	}
	return samples
}

func problem(t *testing.T, samples []usage, start, end usage) string {
	t.Helper()
	rows, err := judge(samples, 2, start, end)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows[0].problem
}

func TestGrowthIsReported(t *testing.T) {
	for _, tc := range []struct {
		name                string
		from, noise, growth float64
		want                string
	}{
		{"heap bytes", 4 * mb, mb, 0, ""},
		{"heap bytes", 4 * mb, mb, 256 << 10, "grows"}, // what -leak memory keeps
		{"heap bytes", 4 * mb, mb, -256 << 10, ""},
		{"goroutines", 300, 15, 0, ""},
		{"goroutines", 300, 15, 4, "grows"}, // -leak thread
		{"descriptors", 80, 6, 2, "grows"},  // -leak fd
		{"sessions", 37, 1, 0.2, "grows"},
		{"handles", 40, 1, 0.3, "grows"},
		{"wasm bytes", 5 * mb, 0, 64 << 10, "grows"},
	} {
		if got := problem(t, series(tc.name, 60, tc.from, tc.noise, tc.growth), usage{}, usage{}); got != tc.want {
			t.Errorf("%s from %v by %v: %q, not %q", tc.name, tc.from, tc.growth, got, tc.want)
		}
	}
}

func TestWarmingUpIsNotGrowth(t *testing.T) {
	samples := series("heap bytes", 60, 40*mb, 0, 0)
	for i := range 12 {
		samples[i]["heap bytes"] = float64(i) * mb
	}
	if got := problem(t, samples, usage{}, usage{}); got != "" {
		t.Errorf("got %q", got)
	}
}

// Samples that met much under way move nothing.
func TestSpikeIsNotGrowth(t *testing.T) {
	samples := series("descriptors", 60, 80, 0, 0)
	for i := 48; i < 53; i++ {
		samples[i]["descriptors"] = 500
	}
	if got := problem(t, samples, usage{}, usage{}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestLeftoversAreReported(t *testing.T) {
	flat := series("handles", 60, 40, 0, 0)
	if got := problem(t, flat, usage{"handles": 0}, usage{"handles": 1}); got != "left behind" {
		t.Errorf("got %q", got)
	}
	if got := problem(t, flat, usage{"handles": 2}, usage{"handles": 1}); got != "" {
		t.Errorf("got %q", got)
	}
	// memory is not given back to the system
	if got := problem(t, series("resident bytes", 60, 40*mb, 0, 0), usage{}, usage{"resident bytes": 30 * mb}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestTooFewSamplesShowNothing(t *testing.T) {
	if _, err := judge(series("handles", 9, 1, 0, 0), 1, usage{}, usage{}); err == nil {
		t.Error("no error")
	}
}

func TestFailuresAreExplainedByFaultsOfTheirSource(t *testing.T) {
	fault := []blame{{10_000, 14_000}}
	for _, tc := range []struct {
		name string
		f    failure
		want bool
	}{
		{"before", failure{atMs: 9000, tookMs: 500}, false},
		{"into the fault", failure{atMs: 9000, tookMs: 1500}, true},
		{"after it, in a pause", failure{atMs: 14_000 + aftermath}, true},
		{"long after it", failure{atMs: 14_001 + aftermath}, false},
		{"with a good set in hand", failure{atMs: 12_000, held: true}, false},
		{"spaced", failure{atMs: 1000, spaced: true}, true},
	} {
		if got := tc.f.explained(fault); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
	if (failure{atMs: 12_000}).explained(nil) {
		t.Error("a sound source explains nothing")
	}
}

func TestFailureIsOfASetThatWasHeld(t *testing.T) {
	good := workers.Status{RemainingMs: 4000, MandatoryMs: 2000, Rejections: 1}
	for _, tc := range []struct {
		name         string
		spot         func(*workers.Line)
		held, spaced bool
	}{
		{"a good set", func(*workers.Line) {}, true, false},
		{"in the mandatory window", func(l *workers.Line) { l.Before.RemainingMs = 2400 }, false, false},
		{"given up before", func(l *workers.Line) { l.Before.Rejected = true }, false, false},
		{"rejected meanwhile", func(l *workers.Line) { l.After.Rejections = 2 }, false, false},
		{"rejected in a row", func(l *workers.Line) { l.After.Rejections, l.Code = 2, "rejected" }, false, true},
		{"rejected once", func(l *workers.Line) { l.Code = "rejected" }, true, false},
	} {
		line := workers.Line{AtMs: 1000, EndMs: 1500, Failed: "refused", Before: good, After: good}
		tc.spot(&line)
		want := failure{source: "a", atMs: 1000, tookMs: 500, held: tc.held, spaced: tc.spaced, code: line.Code, error: "refused"}
		if got := failureOf("a", line); got != want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, want)
		}
	}
}

func TestARunThatShowsNothingFails(t *testing.T) {
	s := &soak{language: "go", faults: 3, failed: make([]failure, 1), totals: map[string]int64{"refreshes": 9}}
	if err := s.failure(); err != nil {
		t.Error(err)
	}
	s.rows = []row{{name: "handles", problem: "grows"}}
	s.unexplained = make([]failure, 2)
	s.totals = nil
	for _, want := range []string{"handles: grows", "2 failed calls", "shows nothing"} {
		if err := s.failure(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}
