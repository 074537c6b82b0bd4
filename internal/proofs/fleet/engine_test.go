package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/share"
)

// pair is the model of a store and a real one, which are asked the same.
type pair struct {
	*group
	real  []share.Store // of each process
	saw   []saw         // its last look
	owner []string
	key   string
}

// The model of a store answers as the real file store does, on random histories of its
// calls. Turns last longer than the test, and no process dies: how an engine's clock and
// its locks end a turn is for the stores' own tests.
func TestTheModelOfAStoreAnswersAsTheRealOne(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file store")
	}
	const processes, histories, calls = 4, 15, 60
	dir := filepath.Join(t.TempDir(), "share") // which the store makes as it must be
	p := Usual("", Shared, Engines[0])
	p.Engine.guard = false // calls come one after the other
	won, refused := 0, 0
	for h := range histories {
		rng := rand.New(rand.NewPCG(uint64(h), 3))
		w := pair{group: newGroup(&p, h, processes), saw: make([]saw, processes), key: fmt.Sprintf("evercreds1:%032x", h+1)}
		for i := range processes {
			s, err := share.File(dir)
			if err != nil {
				t.Fatal(err)
			}
			w.real, w.owner = append(w.real, s), append(w.owner, fmt.Sprintf("%032x", i+1))
		}
		for n := range calls {
			c := w.draw(rng, rng.IntN(processes))
			model, real := w.both(t, c)
			if model != real {
				t.Fatalf("history %d, call %d, %+v:\nthe model %s\nthe store %s", h, n, c, model, real)
			}
			if c.share == core.ShareCampaign && c.answer.won {
				won++
			}
			if c.share == core.SharePublish && !c.answer.won {
				refused++
			}
		}
	}
	if won < histories || refused < histories {
		t.Errorf("%d turns won, %d publications refused: too few", won, refused)
	}
}

// draw is a call of a process: often as a session would make it, now and then odd.
func (w *pair) draw(rng *rand.Rand, process int) *call {
	c := &call{share: core.Share(1 + rng.IntN(4)), owner: int64(process + 1), saw: w.saw[process], seen: rng.Int64N(w.record.number + 2), span: 30 * second}
	if c.share != core.SharePublish {
		return c
	}
	set := len(w.sets) - 1
	if rng.IntN(3) > 0 || set == 0 {
		set++
		w.sets = append(w.sets, minted{expiry: w.sets[set-1].expiry + rng.Int64N(3)*minute - minute + 1})
	}
	c.entry = record{set: 1 + rng.IntN(set), generation: c.seen}
	if rng.IntN(4) == 0 {
		c.entry.replaces = w.print(1 + rng.IntN(set))
	}
	return c
}

// both are what the model and the real store say.
func (w *pair) both(t *testing.T, c *call) (model, real string) {
	t.Helper()
	ctx, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	process := int(c.owner - 1)
	s, owner, r := w.real[process], w.owner[process], w.record
	var err error
	w.perform(c)
	switch c.share {
	case core.ShareLook:
		w.saw[process] = saw{r.number, r.set}
		var got share.Record
		got, err = s.Read(ctx, w.key)
		model = fmt.Sprint(r.number, r.owner != 0, w.named(r.set), r.generation)
		real = fmt.Sprint(got.Number, got.TurnLeft > 0, got.Entry.Fingerprint, got.Entry.Generation)
	case core.ShareCampaign:
		var got share.Turn
		got, err = s.Campaign(ctx, w.key, share.Campaign{
			Owner: owner, Seen: c.seen, SawNumber: c.saw.number, SawFingerprint: w.named(c.saw.set), Length: 30 * time.Second,
		})
		model, real = fmt.Sprint(c.answer.won, c.answer.found.number), fmt.Sprint(got.Won, got.Number)
	case core.SharePublish:
		e := share.Entry{Sealed: []byte("sealed"), Generation: c.entry.generation, Fingerprint: w.named(c.entry.set), ExpiryMS: began + w.sets[c.entry.set].expiry}
		var got share.Published
		got, err = s.Publish(ctx, w.key, share.Publication{Owner: owner, Number: c.seen, Entry: e, Replaces: c.entry.replaces, TTL: time.Hour})
		model, real = fmt.Sprint(c.answer.won), fmt.Sprint(got.Stored)
	default:
		err = s.Resign(ctx, w.key, share.Resignation{Owner: owner, Number: c.seen, TTL: time.Hour})
	}
	if err != nil {
		t.Fatal(err)
	}
	return model, real
}

// named is a set's fingerprint, 0 of none.
func (w *pair) named(set int) uint64 {
	if set == 0 {
		return 0
	}
	return w.print(set)
}
