package model_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/evercreds/evercreds/core"
)

var (
	histories = flag.Uint64("model.histories", 20_000, "how many histories to compare")
	first     = flag.Uint64("model.seed", 1, "the first seed")
)

// A failure names its seed; -model.seed=N -model.histories=1 plays it again.
func TestModelAgrees(t *testing.T) {
	for seed := *first; seed < *first+*histories; seed++ {
		if err := play(rand.New(rand.NewPCG(seed, 1)), 60); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// world tells one history to the machine and to the model.
type world struct {
	rng     *rand.Rand
	model   *model
	machine *core.Session
	now     core.Now
	truth   int64 // the source's clock
	life    int64
	prints  uint64
	running []*attempt // as the source sees them
	tickets []int64
	started []int64
	asked   []pending // calls of the store
	last    core.Decision

	snapshots []snapshot

	weights  []int // of the kinds of events, in this history
	total    int
	wellness int // how many of 20 attempts bring a reply
	refusals int // how many of 20 callers report a set
	said     []line
}

func play(rng *rand.Rand, events int) error {
	w := &world{rng: rng, machine: core.New()}
	w.truth = 1_800_000_000_000
	w.now = core.Now{Wall: w.truth + w.pick(0, 0, minute, -20*minute), Elapsed: w.upTo(minute)}
	w.life = w.pick(10*second, 15*minute, 60*minute, 60*minute, 6*60*minute)
	w.drawWeights()
	o := drawOptions(w.rng)
	w.model = &model{options: o, now: w.now, counts: map[core.Field]int64{}}
	for _, g := range o.given {
		if err := w.machine.Set(g.option, g.value); err != nil {
			return err
		}
	}
	d, err := w.machine.Open(w.now, rng.Uint64())
	if err != nil {
		return fmt.Errorf("%w: %+v", err, o)
	}
	err = w.tell(d, w.model.wakeAtOpen, "open %+v", o)
	for i := 0; i < events && err == nil; i++ {
		err = w.step()
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, w.story())
	}
	return nil
}

// line is one event of a history, put into words only if it fails.
type line struct {
	now  core.Now
	what string
	args []any
	d    core.Decision
}

func (w *world) story() string {
	var b strings.Builder
	for _, l := range w.said {
		fmt.Fprintf(&b, "%d/%d %s:%s\n", l.now.Wall, l.now.Elapsed, fmt.Sprintf(l.what, l.args...), show(l.d))
	}
	return b.String()
}

// wakeAtOpen is the first event: an eager session fetches.
func (m *model) wakeAtOpen(see *observed) core.Decision {
	m.see, m.d = see, core.Decision{}
	if m.eager && !m.attended {
		m.start(core.CauseIdle)
	}
	return m.finish()
}

// compare lets the model predict what the machine has answered.
func (w *world) compare(d core.Decision, predict func(*observed) core.Decision) error {
	w.last = d
	see := &observed{
		ticket:   d.Started,
		over:     d.Notes&core.NoteInstalled != 0,
		quiet:    w.quietHoldOff,
		required: w.requiredHoldOff,
		advisory: w.machine.Status(core.StatusAdvisory, w.now),
		call:     d.ShareCall,
		peek:     w.peek,
	}
	if slices.Contains(w.started, d.Started) || slices.Contains(w.started, d.ShareCall) {
		return fmt.Errorf("ticket %d or call %d was issued before", d.Started, d.ShareCall)
	}
	if d.Started != 0 {
		w.running = append(w.running, &attempt{ticket: d.Started, start: core.Now{Wall: w.truth}})
		w.started = append(w.started, d.Started)
	}
	for _, ticket := range []int64{d.Started, d.Ticket} {
		if ticket != 0 && !slices.Contains(w.tickets, ticket) {
			w.tickets = append(w.tickets, ticket)
		}
	}
	if d.Share != core.ShareNone {
		w.started = append(w.started, d.ShareCall)
		w.asked = append(w.asked, pending{d.Share, d.ShareCall})
	}
	want := predict(see)
	if w.model.err != nil {
		return w.model.err
	}
	if plain(want) != plain(d) {
		return fmt.Errorf("the machine answers%s\nthe model      %s", show(d), show(want))
	}
	return w.compareStatus()
}

// peek reads what the machine drew, where no answer tells it. The model says between which
// bounds it may be.
func (w *world) peek(path ...string) int64 {
	v := reflect.ValueOf(w.machine).Elem()
	for _, name := range path {
		v = v.FieldByName(name)
	}
	return v.Int()
}

// quietHoldOff asks a copy that knows nothing of attempts under way, which keep
// others from starting too, and whose set's time is up.
func (w *world) quietHoldOff() int64 {
	copied, _, err := core.Restore(w.machine.AppendSnapshot(nil), w.now, 1)
	if err != nil {
		return -1
	}
	again := reflect.ValueOf(copied).Elem().FieldByName("share").FieldByName("again") // which the model knows
	*(*int64)(unsafe.Pointer(again.UnsafeAddr())) = 0
	copied.Wake(core.Now{Wall: w.now.Wall + 1<<40, Elapsed: w.now.Elapsed})
	return copied.Status(core.StatusHoldOff, w.now)
}

// requiredHoldOff asks what a caller who must know is told of a failed flight.
func (w *world) requiredHoldOff(ticket int64) int64 {
	copied := *w.machine
	return copied.Answer(ticket, w.now, core.Need{}, true).RetryAt
}

func (w *world) compareStatus() error {
	var wrong []error
	for f, want := range w.model.status() {
		if got := w.machine.Status(f, w.now); got != want {
			wrong = append(wrong, fmt.Errorf("status %d is %d in the machine, %d in the model", f, got, want))
		}
	}
	return errors.Join(wrong...)
}

func (m *model) status() map[core.Field]int64 {
	s := map[core.Field]int64{core.StatusEpoch: m.epoch, core.StatusPhase: int64(m.phase())}
	for f := core.StatusStarts; f <= core.StatusRejections; f++ {
		s[f] = m.counts[f]
	}
	if h := m.held; h != nil {
		if h.suspect {
			s[core.StatusIsReported] = 1
		}
		s[core.StatusSet], s[core.StatusAdvisory], s[core.StatusMandatory] = h.ticket, h.advisory, h.mandatory
		s[core.StatusLifetime], s[core.StatusRemaining] = h.lifetime, max(0, m.left())
	}
	if m.flight != nil {
		s[core.StatusFlight] = m.flight.ticket
	}
	for f := core.StatusShareAdopted; f <= core.StatusShareAlone; f++ {
		s[f] = m.counts[f]
	}
	s[core.StatusShare], s[core.StatusShareTurn] = int64(m.shareState()), m.share.seen
	if m.closed {
		for f := core.StatusPhase; f < core.StatusStarts; f++ {
			switch f {
			case core.StatusEpoch, core.StatusIsClosed, core.StatusNextWake:
			default:
				s[f] = 0 // it holds nothing, and waits for nothing
			}
		}
		s[core.StatusIsClosed], s[core.StatusNextWake] = 1, core.Never
	}
	return s
}

// plain makes an instant that does not exist 0, as in fields that say nothing.
func plain(d core.Decision) core.Decision {
	v := reflect.ValueOf(&d).Elem()
	for i := range v.NumField() {
		if v.Field(i).Int() >= core.Never {
			v.Field(i).SetInt(0)
		}
	}
	return d
}

func show(d core.Decision) string {
	var b strings.Builder
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		if n := v.Field(i).Int(); n != 0 && n < core.Never {
			fmt.Fprintf(&b, " %s=%d", v.Type().Field(i).Name, n)
		}
	}
	return b.String()
}
