//go:build go1.25

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// options are what a check is told.
type options struct {
	store     string
	processes int
	refreshes int
	kills     int
	told      string
	keys      int
	length    time.Duration
	languages []string
}

// lab is what one run of a check works with: a source, a store, and processes.
type lab struct {
	options
	standIn *awstest.Server
	gate    *gate
	dir     string // of this run
	stores  *stores
	env     []string // of every process, besides
	began   time.Time

	processesEver atomic.Int64
	lock          sync.Mutex // of what follows
	errs          []error
	laters        sync.WaitGroup
	groups        []*group
}

func newLab(o options, lifetime time.Duration) (*lab, error) {
	dir, err := os.MkdirTemp("", "evercreds-share-")
	if err != nil {
		return nil, err
	}
	l := &lab{options: o, dir: dir, began: time.Now()}
	l.stores = &stores{dir: dir}
	if l.standIn, err = awstest.Start(awstest.Config{Lifetime: lifetime}); err == nil {
		l.gate, err = newGate(l.standIn)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() {
	l.stores.close()
	if l.gate != nil {
		l.gate.close()
	}
	if l.standIn != nil {
		_ = l.standIn.Close()
	}
	_ = os.RemoveAll(l.dir)
}

// wrong keeps an error that nobody waits for.
func (l *lab) wrong(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.errs = append(l.errs, err)
}

// later does something beside the check; await waits for all of that.
func (l *lab) later(do func()) { l.laters.Go(do) }

func (l *lab) await() { l.laters.Wait() }

func (l *lab) err() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return errors.Join(l.errs...)
}

// mix are the languages of so many processes, in equal parts.
func (l *lab) mix(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = l.languages[i%len(l.languages)]
	}
	return list
}

// dataKey is a key of the tests, in base64.
func dataKey(name string) string {
	key := make([]byte, 32)
	copy(key, name)
	return base64.StdEncoding.EncodeToString(key)
}

// verdict is what a check has found: its figures, and what of them is not as it should be.
type verdict struct {
	figures []string
	missed  []string
}

func (v *verdict) say(format string, values ...any) {
	v.figures = append(v.figures, fmt.Sprintf(format, values...))
}

// must notes what is not so.
func (v *verdict) must(ok bool, format string, values ...any) {
	if !ok {
		v.missed = append(v.missed, fmt.Sprintf(format, values...))
	}
}

// none has a figure that must be 0.
func (v *verdict) none(what string, n int) {
	v.say("%s %d", what, n)
	v.must(n == 0, "%s: %d", what, n)
}

// most has a figure with a bound.
func (v *verdict) most(what string, got, bound float64) {
	v.say("%s %.2f (at most %.2f)", what, got, bound)
	v.must(got <= bound+0.005, "%s: %.2f, at most %.2f", what, got, bound)
}

// letOff is how many fetches too many are nobody's fault. On a machine that has more to do
// than it can, a store may be late, and each process goes alone then.
func (v *verdict) letOff(extra int, groups ...*group) int {
	late := 0
	for _, g := range groups {
		g.lock.Lock()
		late += g.steps["store_failed"]
		g.lock.Unlock()
	}
	late = max(0, min(late, extra))
	if late == 0 || load() <= float64(runtime.NumCPU()) {
		return 0
	}
	v.say("%d fetches let off: the store was late at a load of %.1f", late, load())
	return late
}

// once has the fetches of a group: one in each refresh.
func (v *verdict) once(g *group, fetches []*fetch) {
	n := rounds(fetches)
	v.most("calls/refresh", float64(len(fetches)-v.letOff(len(fetches)-n, g))/float64(max(1, n)), 1)
}

// load is the machine's, over the last minute.
func load() (l float64) {
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &l)
	return l
}

func (v *verdict) within(what string, got, bound time.Duration) {
	v.say("%s %v (at most %v)", what, got.Round(time.Millisecond), bound)
	v.must(got <= bound, "%s: %v, at most %v", what, got, bound)
}

// healthy notes what no group may show, whatever happens to it.
func (v *verdict) healthy(g *group) {
	g.lock.Lock()
	defer g.lock.Unlock()
	v.none("failed", len(g.failed))
	for _, f := range g.failed[:min(3, len(g.failed))] {
		v.must(false, "failed: %s", f)
	}
	for _, odd := range g.oddities[:min(4, len(g.oddities))] {
		v.say("%s", odd)
	}
	v.none("rollbacks", g.rollbacks)
	v.none("overestimated", g.overestimated)
	var steps []string
	for _, name := range []string{"led", "followed", "adopted", "published", "refused", "alone", "took_over", "held_off", "store_failed", "store_back", "unopened"} {
		if n := g.steps[name]; n > 0 {
			steps = append(steps, fmt.Sprintf("%s %d", name, n))
		}
	}
	v.say("steps: %s", strings.Join(steps, ", "))
	v.must(g.calls > 0, "no call was made")
}
