package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// sickDay is a day in which one endpoint refuses every set, while a healthy caller
// comes each second.
type sickDay struct {
	host
	gap      int64 // of the sick endpoint's calls, in milliseconds
	evidence core.Evidence
	keeps    int64 // for how long the source hands out the same set; 0: not at all

	print   uint64
	issued  int64 // when the source made the set that it hands out
	fetches map[core.Cause]int
	failed  int // calls of the healthy caller that were not served at once
}

// fly answers what a decision has started, with a set of an hour.
func (s *sickDay) fly(d core.Decision) core.Decision {
	if d.Started == 0 {
		return d
	}
	s.fetches[d.StartCause]++
	if s.keeps == 0 || s.print == 0 || s.now.Elapsed-s.issued >= s.keeps {
		s.print++
		s.issued = s.now.Elapsed
	}
	life := s.issued + hour - s.now.Elapsed
	s.s.Complete(d.Started, s.now, core.Facts{Expiry: s.now.Wall + life, Fingerprint: s.print})
	return d
}

// get is a caller who waits for a flight, which takes no time.
func (s *sickDay) get(need core.Need) core.Decision {
	d := s.fly(s.s.Ask(s.now, need))
	if d.Kind == core.Refresh || d.Kind == core.RefreshInline {
		need.Until = d.Until
		return s.s.Answer(d.Ticket, s.now, need, false)
	}
	return d
}

func (s *sickDay) run(t *testing.T) {
	s.fetches = map[core.Cause]int{}
	s.fly(s.opened)
	for next := int64(0); s.now.Elapsed < 24*hour; s.pass(500) {
		s.fly(s.s.Wake(s.now))
		patient := core.Need{Until: core.Never}
		if d := s.get(patient); s.now.Elapsed%second == 0 && d.Kind != core.Serve && d.Kind != core.ServeAndRefresh {
			s.failed++
		}
		if s.gap == 0 || s.now.Elapsed < next {
			continue
		}
		next = s.now.Elapsed + s.gap
		signed := s.print // what is held, or was just fetched
		patient.Other, patient.Evidence = signed, s.evidence
		if d := s.get(patient); d.Kind == core.Wait || d.Kind == core.Serve && s.print == signed {
			t.Fatalf("who reports a set waits, or is served it: %+v", d)
		}
	}
}

// A day of reports costs a bounded number of fetches, and other callers nothing.
// Without any, a day of hour sets takes 33.
func TestADayOfReports(t *testing.T) {
	const alone, strong, weak = 33, core.EvidenceStrong, core.EvidenceWeak
	for name, c := range map[string]struct {
		options  options
		gap      int64
		evidence core.Evidence
		keeps    int64
		most     int // fetches
	}{
		"nobody reports":                   {nil, 0, 0, 0, alone},
		"each half second":                 {nil, 500, strong, 0, 12*24 + 12},
		"each two seconds":                 {nil, 2 * second, strong, 0, 12*24 + 12},
		"each 61 seconds":                  {nil, 61 * second, strong, 0, 12*24 + 12},
		"each five minutes":                {nil, 5 * minute, strong, 0, 12*24 + 12},
		"each eleven minutes":              {nil, 11 * minute, strong, 0, 24*60/11 + 2},
		"weak evidence":                    {nil, 500, weak, 0, 2 * alone},
		"a source with a cache of its own": {options{core.OptMethod: 2}, 500, strong, 45 * minute, 24 * 24},
		"attended":                         {options{core.OptAttended: 1}, 500, strong, 0, alone + 2},
		"strict":                           {strict, 500, strong, 0, 12*24 + 12},
		"adaptive":                         {options{core.OptPolicy: float64(core.Adaptive)}, 500, strong, 0, 12*24 + 12},
		"static":                           {options{core.OptStability: float64(core.Static)}, 500, strong, 0, 12*24 + 12},
		"eager":                            {options{core.OptDeferRefresh: 0}, 500, strong, 0, 12*24 + 12},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sickDay{host: *open(t, c.options), gap: c.gap, evidence: c.evidence, keeps: c.keeps}
			s.run(t)
			all := 0
			for _, n := range s.fetches {
				all += n
			}
			t.Logf("%d fetches, %d for reporters", all, s.fetches[core.CauseReported])
			if all > c.most || s.failed > 0 {
				t.Errorf("%d fetches, want at most %d; %d of the healthy caller's calls were not served", all, c.most, s.failed)
			}
			if c.gap > 0 && s.fetches[core.CauseReported] == 0 {
				t.Error("no report had a set fetched")
			}
		})
	}
}
