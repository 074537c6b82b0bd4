package sim

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/trace"
)

// heard is the core, and keeps what it answers.
type heard struct {
	trace.Native
	all []core.Decision
}

func (h *heard) hear(d core.Decision) core.Decision {
	h.all = append(h.all, d)
	return d
}

func (h *heard) Ask(now core.Now, need core.Need) core.Decision {
	return h.hear(h.Native.Ask(now, need))
}
func (h *heard) Force(now core.Now) core.Decision { return h.hear(h.Native.Force(now)) }
func (h *heard) Wake(now core.Now) core.Decision  { return h.hear(h.Native.Wake(now)) }
func (h *heard) Complete(ticket int64, now core.Now, f core.Facts) core.Decision {
	return h.hear(h.Native.Complete(ticket, now, f))
}

// A written history is the same history: the machine answers the scenario as it answered
// in the room.
func TestScenariosAreTheHistories(t *testing.T) {
	written := 0
	for seed := range uint64(400) {
		rec := &recorder{taken: map[int]int{}, last: -1}
		r := &spy{Chooser: Seeded(seed)}
		if err := runSpied(r, rec); err != nil {
			t.Fatal(err)
		}
		events, err := rec.scenario()
		if err != nil {
			continue // it has what no scenario can have
		}
		written++
		var out strings.Builder
		machine := &heard{}
		if err := trace.Replay(strings.NewReader(events), &out, machine); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, events)
		}
		if !reflect.DeepEqual(machine.all, r.all) {
			t.Fatalf("seed %d: the scenario's %d answers are not the room's %d\n%s", seed, len(machine.all), len(r.all), out.String())
		}
	}
	if written < 40 {
		t.Errorf("only %d histories could be written", written)
	}
}

// spy keeps what the machine answers in a room.
type spy struct {
	Chooser
	all []core.Decision
}

func runSpied(s *spy, rec *recorder) error {
	rec.heard = func(what string, d core.Decision) {
		switch what {
		case "ask", "recover", "force", "wake", "timer", "complete", "unknown ticket":
			s.all = append(s.all, d)
		}
	}
	return run(s, 60, rec)
}

func TestAGoodHistoryIsNotShrunk(t *testing.T) {
	scenario, err := Shrink(Seeded(1), 60)
	if scenario != "" || err == nil || !strings.Contains(fmt.Sprint(err), "no promise") {
		t.Errorf("a good history: %q, %v", scenario, err)
	}
}
