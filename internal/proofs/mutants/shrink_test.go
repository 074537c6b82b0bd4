package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/trace"
)

// The simulator's report of a broken machine goes straight into core/testdata: it is a
// small scenario, to which the sound machine answers otherwise.
func TestAFindingIsASmallScenario(t *testing.T) {
	b, err := newBench(400_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(b.dir) })
	const name = "rejected set served"
	for _, m := range invariants {
		if m.name != name {
			continue
		}
		if verdict, err := b.try(m); err != nil || !strings.Contains(verdict, "invariant 13") {
			t.Fatalf("the simulator says %q, %v", verdict, err)
		}
	}
	// The program of the mutant is still there.
	args := append(append([]string(nil), b.args...), "-sim.shrink=true")
	out, _ := exec.CommandContext(t.Context(), filepath.Join(b.dir, "internal_proofs_sim.test"), args...).CombinedOutput()
	text := unindented(string(out))
	_, scenario, found := strings.Cut(text, "with the broken machine's answers:\n\n")
	if !found {
		t.Fatalf("no scenario in %s", text)
	}
	scenario, _, _ = strings.Cut(scenario, "FAIL\n")
	if n := strings.Count(scenario, "\n"); n > 30 {
		t.Errorf("%d lines are no small scenario:\n%s", n, scenario)
	}
	var answers strings.Builder
	if err := trace.Replay(strings.NewReader(scenario), &answers, &trace.Native{}); err != nil {
		t.Fatalf("%v\n%s", err, scenario)
	}
	if answers.String() == trace.Expected(scenario) {
		t.Errorf("the machine as it is answers the same:\n%s", scenario)
	}
	if !strings.Contains(scenario, "rejected") {
		t.Errorf("nothing is rejected in it:\n%s", scenario)
	}
}

// unindented takes off what testing puts before each line of a message.
func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(line, "        "))
	}
	return b.String()
}
