package fleet

import (
	"runtime"
	"slices"
	"sync"
)

// Tally is what a run has come to. Spans are in milliseconds.
type Tally struct {
	Plan          *Plan
	Refreshes     int64 // of all groups
	Calls         int64 // of the source
	Lost          int64 // of those: the process was killed before it could publish
	Kills         int64
	Failed        int64 // callers that got an error
	Overestimated int64 // sets that were believed to live longer than they do, or served too long
	RolledBack    int64 // expiries that went back, in a store or a process
	Readopted     int64 // sets that were refused to a process, and adopted by it
	Adopted       int64
	StoreCalls    int64
	MostCalls     int   // of the store, of one process for one refresh, where nobody waits
	StorePeak     int64 // requests of all processes to the store, the most in a second
	Waited        int64 // callers that waited
	LongestWait   int64

	leaders, followers        []int64   // waits at the cold start
	takeovers, quietTakeovers []int64   // after a kill, with a caller who waits, and without
	seconds                   []int64   // requests to the store in each second
	rounds                    [][]int64 // calls of the source, by the refresh of its group
}

func newTally(p *Plan) *Tally { return &Tally{Plan: p} }

func (t *Tally) store(now int64) {
	at := int(now / ms / second)
	if at >= len(t.seconds) {
		t.seconds = append(t.seconds, make([]int64, at+1-len(t.seconds))...)
	}
	t.seconds[at]++
}

func (t *Tally) call(round int, now int64) {
	for len(t.rounds) < round {
		t.rounds = append(t.rounds, nil)
	}
	t.rounds[round-1] = append(t.rounds[round-1], now)
}

func (t *Tally) add(o *Tally) {
	t.Refreshes, t.Calls, t.Lost, t.Kills = t.Refreshes+o.Refreshes, t.Calls+o.Calls, t.Lost+o.Lost, t.Kills+o.Kills
	t.Failed, t.Overestimated, t.RolledBack, t.Readopted = t.Failed+o.Failed, t.Overestimated+o.Overestimated, t.RolledBack+o.RolledBack, t.Readopted+o.Readopted
	t.Adopted, t.StoreCalls, t.Waited = t.Adopted+o.Adopted, t.StoreCalls+o.StoreCalls, t.Waited+o.Waited
	t.MostCalls, t.LongestWait = max(t.MostCalls, o.MostCalls), max(t.LongestWait, o.LongestWait)
	t.leaders, t.followers = append(t.leaders, o.leaders...), append(t.followers, o.followers...)
	t.takeovers, t.quietTakeovers = append(t.takeovers, o.takeovers...), append(t.quietTakeovers, o.quietTakeovers...)
	for i, n := range o.seconds {
		if i >= len(t.seconds) {
			t.seconds = append(t.seconds, 0)
		}
		t.seconds[i] += n
	}
	for i, calls := range o.rounds {
		if i >= len(t.rounds) {
			t.rounds = append(t.rounds, nil)
		}
		t.rounds[i] = append(t.rounds[i], calls...)
	}
}

// Run plays a plan: each group for itself, on as many threads as Go has.
func Run(p *Plan) (*Tally, error) {
	tallies, errs := make([]*Tally, p.Keys), make([]error, p.Keys)
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for key := range next {
				tallies[key], errs[key] = p.runKey(key)
			}
		}()
	}
	for key := range p.Keys {
		next <- key
	}
	close(next)
	workers.Wait()
	all := newTally(p)
	for key, t := range tallies {
		if errs[key] != nil {
			return nil, errs[key]
		}
		all.add(t)
		tallies[key] = nil
	}
	all.StorePeak = slices.Max(append(all.seconds, 0))
	return all, nil
}

func (p *Plan) runKey(key int) (*Tally, error) {
	processes := p.Processes / p.Keys
	if key < p.Processes%p.Keys {
		processes++
	}
	if p.Way == FileCache {
		return runCache(p, key, processes), nil
	}
	g := newGroup(p, key, processes)
	return g.tally, g.run()
}

// PerRefresh is how many calls of the source a refresh took. Net leaves out those whose
// process was killed before it could publish: no design can save them.
func (t *Tally) PerRefresh() (raw, net float64) {
	n := float64(max(t.Refreshes, 1))
	return float64(t.Calls) / n, float64(t.Calls-t.Lost) / n
}

// Later is how many calls of the source a refresh took from the second on.
func (t *Tally) Later() float64 {
	return float64(t.Calls-t.cold()) / float64(max(t.Refreshes-int64(t.Plan.Keys), 1))
}

// First is how many calls of the source the first set of a key took, at the cold start.
func (t *Tally) First() float64 { return float64(t.cold()) / float64(t.Plan.Keys) }

func (t *Tally) cold() int64 {
	if len(t.rounds) == 0 {
		return 0
	}
	return int64(len(t.rounds[0]))
}

// StorePerRefresh is how many calls of the store a process made for a refresh.
func (t *Tally) StorePerRefresh() float64 {
	return float64(t.StoreCalls) * float64(t.Plan.Keys) / float64(max(t.Refreshes, 1)) / float64(t.Plan.Processes)
}

// Spread is, for one refresh of all keys, the calls of the source in the worst ten seconds
// over those of an even spread on half the window, in which the refreshes lie.
func (t *Tally) Spread(round int) float64 {
	if round >= len(t.rounds) {
		return 0
	}
	p := t.Plan
	even := float64(p.Keys) / (float64(p.Advisory-p.Mandatory) / 2 / (10 * float64(second)))
	return float64(worst(t.rounds[round], 10*second)) / even
}

// laterSpread is the largest from the third refresh on, after the one at the start.
func (t *Tally) laterSpread() (most float64) {
	for n := 3; n < t.Plan.Refreshes; n++ {
		most = max(most, t.Spread(n))
	}
	return most
}

// worst is the most of instants within a span.
func worst(at []int64, span int64) (most int) {
	at = slices.Sorted(slices.Values(at))
	from := 0
	for i := range at {
		for at[i]-at[from] >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// part is what a share of the values do not exceed; -1: there are none.
func part(values []int64, share float64) int64 {
	if len(values) == 0 {
		return -1
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
