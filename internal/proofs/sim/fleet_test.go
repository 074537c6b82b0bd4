package sim_test

import (
	"flag"
	"runtime"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/proofs/sim"
)

var sessions = flag.Int("sim.sessions", 300, "how many sessions a fleet has")

// A fleet's failure names the seed and the session, whose history it gives as a
// scenario. A hundred thousand sessions take some minutes, and two gigabytes:
//
//	go test ./internal/proofs/sim -run Fleet$ -v -timeout=0 -sim.sessions=100000
func TestFleet(t *testing.T) {
	plan := sim.Plan{Sessions: *sessions, Seed: *first, Traced: -1}
	f := sim.NewFleet(plan)
	err := f.Run()
	told(t, f)
	if err == nil {
		return
	}
	if f.Broken() < 0 {
		t.Fatalf("seed %d: %v", plan.Seed, err)
	}
	plan.Traced = f.Broken()
	again := sim.NewFleet(plan)
	again.Run()
	scenario, problem := again.Scenario()
	t.Fatalf("seed %d: %v\n\nIts history, with the machine's answers (%v):\n\n%s", plan.Seed, err, problem, scenario)
}

func told(t *testing.T, f *sim.Fleet) {
	t.Logf("%-41s %8s %8s %7s %7s %8s %8s %8s", "20 minutes in which", "asked", "served", "stale", "failed", "rejected", "calls", "most/s")
	names, tallies := f.Chapters()
	var all sim.Tally
	for i, c := range tallies {
		t.Logf("%-41s %8d %8d %7d %7d %8d %8d %8d", names[i], c.Asked, c.Served, c.Stale, c.Failed, c.Rejected, c.Calls, c.Peak)
		all.Asked, all.Calls = all.Asked+c.Asked, all.Calls+c.Calls
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	issued, throttled, failed := f.Calls()
	t.Logf("sessions %d, callers %d, events checked %d; calls %d: %d issued, %d throttled, %d failed; %d MB",
		*sessions, all.Asked, f.Events(), all.Calls, issued, throttled, failed, memory.Sys>>20)
}

// What a fleet promises beyond its rooms can be broken.
func TestFleetsThatBreakAPromise(t *testing.T) {
	for _, tc := range []struct {
		plan sim.Plan
		want string // in the error; "": none
	}{
		{sim.Plan{Sessions: 500, PerSecond: 500}, ""},
		{sim.Plan{Sessions: 500, PerSecond: 500, NoJitter: true}, "calls in one second"},
		{sim.Plan{Sessions: 20, StaysDown: true}, "in the quiet at the end"},
	} {
		tc.plan.Seed, tc.plan.Traced = 1, -1
		err := sim.NewFleet(tc.plan).Run()
		if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v", tc.plan, err)
		}
	}
}
