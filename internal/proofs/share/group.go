//go:build go1.25

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// life is how long sets live in the checks, and when they are refreshed.
type life struct {
	lifetime            time.Duration
	advisory, mandatory int // seconds
	turn, wait          float64
}

// short is the life that the checks have unless they say otherwise.
var short = life{20 * time.Second, 10, 5, 2, 4}

// awaited is one whose refreshes all have callers who wait.
var awaited = life{20 * time.Second, 8, 8, 2, 4}

// member is one process of a group, with one session.
type member struct {
	*workers.Process
	name     string
	language string
	killed   bool
	first    time.Duration // that its first call waited
	called   bool
	// calls of the store that its session has asked for
	shareCalls int64
	told       []string  // steps of sharing
	key        string    // of the set that it told of last
	ends       time.Time // of that, as the source wrote it
}

// group is processes that share, and what came of it.
type group struct {
	*lab
	life   life
	source workers.Source
	pace   workers.Pace

	lock    sync.Mutex // of what follows
	members []*member
	dead    map[string]bool          // members that were killed, by name
	calls   int                      // that ended
	failed  []string                 // calls that did not end well
	waits   []time.Duration          // of calls, for credentials
	steps   map[string]int           // what sharing came to, in all
	seen    map[string][]*member     // who has told of a set, by its key
	offsets map[string]time.Duration // of members' clocks, by name
	// rollbacks and overestimated count what no member may do.
	rollbacks, overestimated int
	oddities                 []string
	// step hears of each step of a member.
	step func(m *member, step string)
	// installed hears of each set that a member tells of.
	installed func(m *member, key string)
	say       func(line string) // hears what members write to their standard error; nil: nobody
}

func (l *lab) group(share *workers.Share, life life) *group {
	g := &group{lab: l, life: life, steps: map[string]int{}, dead: map[string]bool{}, seen: map[string][]*member{}, pace: workers.Around(1, l.pauseMs())}
	if share != nil {
		of := *share
		of.Turn, of.Wait = life.turn, life.wait
		share = &of
	}
	g.pace.Look = true
	l.groups = append(l.groups, g)
	g.source = workers.Source{
		Kind: "sts", Name: l.standIn.RoleARN, SessionName: "group", Advisory: life.advisory, Mandatory: life.mandatory,
		Timeout: 10, Endpoint: l.gate.url, Share: share,
	}
	return g
}

// pauseMs is between two calls of one caller: more where there are many processes.
func (l *lab) pauseMs() int64 { return max(100, int64(l.processes)*10) }

// add starts a process; it opens its session when told to.
func (g *group) add(ctx context.Context, language string) (*member, error) {
	m := &member{name: fmt.Sprintf("m%d", g.processesEver.Add(1)), language: language}
	m.Process = &workers.Process{
		Language: language, Root: ".", Server: g.standIn, Region: "us-east-1",
		Env:  append([]string{"AWS_SDK_UA_APP_ID=" + m.name}, g.env...),
		Call: func(l workers.Line) { g.called(m, l) }, Told: func(l workers.Line) { g.told(m, l) }, Say: g.say,
	}
	return m, m.Start(ctx)
}

// start starts as many processes as there are languages named, and gives them all a
// session at once.
func (g *group) start(ctx context.Context, languages []string) error {
	made := make([]*member, len(languages))
	var group sync.WaitGroup
	errs := make([]error, len(languages))
	slots := make(chan struct{}, 8) // starting is work; they begin together afterwards
	for i, language := range languages {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if made[i], errs[i] = g.add(ctx, language); errs[i] == nil {
				_, errs[i] = made[i].Do(ctx, workers.Order{Do: "sample"}) // it is ready
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i := range made {
		group.Go(func() { errs[i] = g.join(ctx, made[i]) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// join has a process open its session and make calls.
func (g *group) join(ctx context.Context, m *member) error {
	g.lock.Lock()
	g.members = append(g.members, m)
	g.lock.Unlock()
	if _, err := m.Do(ctx, workers.Order{Do: "open", Session: 1, Source: g.source}); err != nil {
		return err
	}
	_, err := m.Do(ctx, workers.Order{Do: "keep", Session: 1, Pace: g.pace})
	return err
}

// kill ends a process as kill -9 does, and starts another in its place.
func (g *group) kill(ctx context.Context, m *member) bool {
	g.lock.Lock()
	at := slices.Index(g.members, m)
	if at < 0 || m.killed {
		g.lock.Unlock()
		return false
	}
	m.killed, g.dead[m.name] = true, true
	g.members = slices.Delete(g.members, at, at+1)
	g.lock.Unlock()
	if !m.Signal(syscall.SIGKILL) {
		return false
	}
	g.later(func() {
		<-m.Over()
		if next, err := g.add(ctx, m.language); err == nil {
			err = g.join(ctx, next)
			g.wrong(ctx, err)
		}
	})
	return true
}

// find gives the member of a name.
func (g *group) find(name string) *member {
	g.lock.Lock()
	defer g.lock.Unlock()
	for _, m := range g.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// all gives the members that there are now.
func (g *group) all() []*member {
	g.lock.Lock()
	defer g.lock.Unlock()
	return slices.Clone(g.members)
}

func (g *group) called(m *member, line workers.Line) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if m.killed {
		return
	}
	g.calls++
	m.shareCalls = line.After.ShareCalls
	if !m.called {
		m.called, m.first = true, time.Duration(line.WaitMs)*time.Millisecond
	}
	g.waits = append(g.waits, time.Duration(line.WaitMs)*time.Millisecond)
	if line.Failed != "" {
		g.failed = append(g.failed, fmt.Sprintf("%s (%s) after %d ms: %s", m.name, m.language, line.EndMs-line.AtMs, line.Failed))
	}
}

// slack is how much the clocks of one machine and the way here may differ.
const slack = 50 * time.Millisecond

func (g *group) told(m *member, line workers.Line) {
	g.lock.Lock()
	switch line.Event {
	case "share":
		g.steps[line.Step]++
		m.told = append(m.told, line.Step)
	case "refresh":
		ends := time.UnixMilli(line.ExpiryMs).Add(-g.ahead(m))
		if f := g.gate.by(line.Key); f != nil {
			if ends.After(f.ends.Add(slack)) {
				g.odd(&g.overestimated, m, line.Key, ends, f.ends)
			}
			// by the source's word: what a member makes of it may be less, where who
			// published was stopped on the way
			if f.ends.Before(m.ends) {
				g.odd(&g.rollbacks, m, line.Key, f.ends, m.ends)
			}
			m.ends = f.ends
		}
		m.key = line.Key
		g.seen[line.Key] = append(g.seen[line.Key], m)
	}
	step, installed := g.step, g.installed
	g.lock.Unlock()
	if line.Event == "share" && step != nil {
		step(m, line.Step)
	}
	if line.Event == "refresh" && installed != nil {
		installed(m, line.Key)
	}
}

// odd counts what no member may do, and keeps what it was.
func (g *group) odd(count *int, m *member, key string, ends, before time.Time) {
	*count++
	was := "by another"
	if f := g.gate.by(key); f != nil && f.member == m.name {
		was = "by itself"
	}
	g.oddities = append(g.oddities, fmt.Sprintf("%s (%s): a set fetched %s ends %v after %v; the one before had another key: %v",
		m.name, m.language, was, ends.Sub(before), before.Format(time.StampMilli), m.key != key))
}

// ahead is how far a member's wall clock is ahead.
func (g *group) ahead(m *member) time.Duration { return g.offsets[m.name] }

// startShifted starts a process whose clock is wrong.
func (g *group) startShifted(ctx context.Context, language string, by time.Duration) error {
	env := g.env
	if by != 0 {
		more, err := g.shifted(ctx, by)
		if err != nil {
			return err
		}
		g.env = append(slices.Clone(env), more...)
	}
	m, err := g.add(ctx, language)
	g.env = env
	if err != nil {
		return err
	}
	g.lock.Lock()
	g.offsets[m.name] = by
	g.lock.Unlock()
	return g.join(ctx, m)
}

// until waits until the group has had so many refreshes since an instant, and the last
// of them is over.
func (g *group) until(ctx context.Context, since time.Time, refreshes int) error {
	most := time.Duration(refreshes+2) * g.life.lifetime
	for begun := time.Now(); ; {
		if rounds(g.gate.all(since)) >= refreshes {
			return pause(ctx, time.Duration(g.life.turn+g.life.wait)*time.Second)
		}
		if time.Since(begun) > most {
			return fmt.Errorf("only %d of %d refreshes in %v", rounds(g.gate.all(since)), refreshes, most)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// allCalled waits until the first call of each member has ended.
func (g *group) allCalled(ctx context.Context) error {
	for {
		g.lock.Lock()
		waits := slices.ContainsFunc(g.members, func(m *member) bool { return !m.called })
		g.lock.Unlock()
		if !waits {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// sees waits until members have told of so many sets.
func (g *group) sees(ctx context.Context, sets int) error {
	most := time.Duration(sets+2) * g.life.lifetime
	for begun := time.Now(); ; {
		g.lock.Lock()
		told := len(g.seen)
		g.lock.Unlock()
		switch {
		case told >= sets:
			return nil
		case time.Since(begun) > most:
			return fmt.Errorf("only %d of %d sets in %v", told, sets, most)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// stop ends all members, as programs end.
func (g *group) stop(ctx context.Context) {
	g.await()
	var group sync.WaitGroup
	for _, m := range g.all() {
		group.Go(func() {
			_, err := m.Do(ctx, workers.Order{Do: "close", Session: 1})
			g.wrong(ctx, err)
			g.wrong(ctx, m.End())
		})
	}
	group.Wait()
}

// net counts the fetches that were not lost with who had made them: of a killed member,
// and never seen by any other.
func (g *group) net(fetches []*fetch) (net int) {
	g.lock.Lock()
	defer g.lock.Unlock()
	for _, f := range fetches {
		if !g.dead[f.member] || slices.ContainsFunc(g.seen[f.key], func(m *member) bool { return !m.killed || m.name != f.member }) {
			net++
		}
	}
	return net
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// percentile gives what so many of a hundred do not exceed; 0 of none.
func percentile(list []time.Duration, of int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, (len(sorted)*of+99)/100-1+btoi(of == 0))]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// firstWaits gives how long the first call of each process waited for credentials.
func (g *group) firstWaits() []time.Duration {
	g.lock.Lock()
	defer g.lock.Unlock()
	var list []time.Duration
	for _, m := range g.members {
		list = append(list, m.first)
	}
	return list
}
