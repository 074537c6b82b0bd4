package fleet

import "fmt"

// Row is a plan with what must hold of its figures.
type Row struct {
	Plan
	MostRaw, MostNet float64 // calls of the source for a refresh; 0: no bound
	MostLater        float64 // the same from the second refresh on
	LongestWait      int64   // 0: no bound
	Takeover         int64   // p99, with a caller who waits; 0: no bound
	Behind           int64   // at the cold start, p99 of those who do not call over that of those who do; 0: no bound
	ThreeCalls       bool    // of the store, for each process and refresh, where nobody waits
	Spread           bool    // keys born together part
}

// turn and wait are the defaults of share_turn and share_wait.
const (
	turn = 5 * second
	wait = 10 * second
)

// Suite are the runs of docs/concepts/sharing.md, each with so many processes and keys.
func Suite(processes, keys, refreshes int, seed uint64) (rows []Row) {
	add := func(r Row, change func(*Plan)) {
		r.Plan.Processes, r.Plan.Keys, r.Plan.Refreshes, r.Plan.Seed = processes, keys, refreshes, seed
		if change != nil {
			change(&r.Plan)
		}
		rows = append(rows, r)
	}
	file, redis := Engines[0], Engines[1]
	add(Row{Plan: Usual("solo", Solo, redis)}, nil)
	add(Row{Plan: Usual("botocore's file cache", FileCache, file)}, nil)
	for _, e := range Engines {
		add(Row{Plan: Usual("shared: "+e.Name, Shared, e), MostRaw: 1, LongestWait: healthyWait(e), Behind: behind(e), ThreeCalls: true}, nil)
	}
	for _, e := range Engines[:3] {
		limit := turn + second
		if e.lock {
			limit = second
		}
		if e.seconds {
			limit += second // its clock errs late for turns
		}
		for i, where := range []string{"before its call", "in the air", "before it publishes", "at one of the three"} {
			name := fmt.Sprintf("each leader killed %s: %s", where, e.Name)
			add(Row{Plan: Usual(name, Shared, e), MostNet: 1.02, MostRaw: 2, Takeover: limit, LongestWait: wait + 2*e.call + 1000},
				func(p *Plan) { p.Kill = Moment(i + 1) })
		}
	}
	solo := float64((processes + keys - 1) / keys) // calls for a refresh of processes that do not share
	delayed := wait + 2*redis.call + 1000
	add(Row{Plan: Usual("one key, all processes: redis", Shared, redis), MostRaw: 1, LongestWait: healthyWait(redis), ThreeCalls: true}, func(p *Plan) { p.Keys = 1 })
	add(Row{Plan: Usual("each leader stopped for up to 20 s", Shared, redis), MostRaw: 2, LongestWait: delayed}, func(p *Plan) { p.Stop = 20 * second })
	add(Row{Plan: Usual("source takes 6 to 9 s", Shared, redis), MostLater: 1, LongestWait: delayed + 9*second},
		func(p *Plan) { p.SourceLeast, p.SourceMost = 6*second, 9*second })
	add(Row{Plan: Usual("store down for minutes 3 to 80 of each 3 h", Shared, redis), MostRaw: solo, LongestWait: delayed}, func(p *Plan) {
		p.DownFrom, p.DownTo, p.DownEvery = 3*minute, 80*minute, 3*hour
	})
	add(Row{Plan: Usual("store never answers", Shared, redis), MostRaw: solo, LongestWait: 400 + 2*redis.call}, func(p *Plan) { p.Silent = true })
	add(Row{Plan: Usual("store forgets all each hour", Shared, redis), MostRaw: 2, LongestWait: delayed}, func(p *Plan) { p.FlushEvery = hour })
	add(Row{Plan: Usual("one process told ExpiredToken each 100 min", Shared, redis), MostRaw: 1.3, LongestWait: delayed},
		func(p *Plan) { p.Told, p.ToldEvery = OneProcess, 100*minute })
	add(Row{Plan: Usual("all told within 2 s, each 100 min", Shared, redis), MostRaw: 1.3, LongestWait: delayed},
		func(p *Plan) { p.Told, p.ToldEvery = AllProcesses, 100*minute })
	add(Row{Plan: Usual("sets of 60 s", Shared, redis), MostRaw: 1.02, LongestWait: delayed}, minutely)
	add(Row{Plan: Usual("sets of 60 s, each leader killed", Shared, redis), MostNet: 1.02, LongestWait: delayed},
		func(p *Plan) { minutely(p); p.Kill = Anywhere })
	// whose clock is ahead by more than a set's life calls for itself once
	ahead := 1.02 + 0.25*float64(processes)/float64(keys*refreshes*10)
	add(Row{Plan: Usual("sets of 60 s, a fifth of the clocks 90 s ahead", Shared, redis), MostRaw: ahead, LongestWait: delayed},
		func(p *Plan) { minutely(p); p.Skewed = true })
	born := fmt.Sprintf("%s keys born within a second", thousands(int64(keys)))
	add(Row{Plan: Usual(born+": solo", Solo, redis)}, right)
	add(Row{Plan: Usual(born+": file cache", FileCache, file)}, right)
	return append(rows, Keys(processes, keys, refreshes, seed))
}

func right(p *Plan) { p.Skewed = false }

// minutely has sets that live for a minute, and clocks that are right.
func minutely(p *Plan) {
	p.Life, p.Advisory, p.Mandatory, p.Skewed, p.Refreshes = minute, 20*second, 10*second, false, 10*p.Refreshes
}

// healthyWait is how long a caller waits at most where nothing fails: for the source, for
// the longest pause between two looks and for the calls of the store.
func healthyWait(e Engine) int64 { return 400 + 4*e.poll + 6*e.call }

// behind is how much longer a follower may wait than a leader: two looks and a bit.
func behind(e Engine) int64 { return max(250, 3*e.poll) }

// Keys are keys born within a second, with clocks that are right: their refreshes part.
func Keys(processes, keys, refreshes int, seed uint64) Row {
	p := Usual(fmt.Sprintf("%s keys born within a second: redis", thousands(int64(keys))), Shared, Engines[1])
	p.Processes, p.Keys, p.Refreshes, p.Seed, p.Skewed = processes, keys, refreshes, seed, false
	return Row{Plan: p, MostRaw: 1, MostNet: 1.02, ThreeCalls: true, Spread: true, LongestWait: healthyWait(Engines[1])}
}

// The bounds of the spread: in the first refresh, and from the third on.
const (
	firstSpread = 1.7
	laterSpread = 1.3
)

// Misses are the bounds that a run does not keep.
func (r *Row) Misses(t *Tally) (missed []string) {
	say := func(is bool, format string, args ...any) {
		if is {
			missed = append(missed, fmt.Sprintf(format, args...))
		}
	}
	raw, net := t.PerRefresh()
	say(t.Refreshes == 0, "no refresh")
	say(r.MostRaw > 0 && raw > r.MostRaw, "%.3f calls for a refresh, at most %.2f", raw, r.MostRaw)
	say(r.MostNet > 0 && net > r.MostNet, "%.3f net calls for a refresh, at most %.2f", net, r.MostNet)
	later := t.Later()
	say(r.MostLater > 0 && later > r.MostLater, "%.3f calls for a refresh from the second on, at most %.2f", later, r.MostLater)
	say(t.Failed > 0, "%d callers got an error", t.Failed)
	say(t.Overestimated > 0, "S3: %d sets live shorter than they were believed to", t.Overestimated)
	say(t.RolledBack > 0, "S7: %d expiries went back", t.RolledBack)
	say(t.Readopted > 0, "S4: %d refused sets were adopted", t.Readopted)
	say(r.ThreeCalls && t.MostCalls > 3, "S13: a process called the store %d times for one refresh", t.MostCalls)
	say(r.LongestWait > 0 && t.LongestWait > r.LongestWait, "S2: a caller waited for %d ms, at most %d", t.LongestWait, r.LongestWait)
	if over := part(t.followers, .99) - part(t.leaders, .99); r.Behind > 0 {
		say(over > r.Behind, "at the cold start, followers p99 waited %d ms longer than leaders, at most %d", over, r.Behind)
	}
	if over := part(t.takeovers, .99); r.Takeover > 0 {
		say(over > r.Takeover || over < 0, "takeover p99 %d ms, at most %d", over, r.Takeover)
	}
	if !r.Spread {
		return missed
	}
	say(t.Spread(1) > firstSpread || t.Spread(1) == 0, "spread of the first refresh %.2f, at most %.1f", t.Spread(1), firstSpread)
	later = t.laterSpread()
	say(later > laterSpread || later == 0, "spread from the third refresh on %.2f, at most %.1f", later, laterSpread)
	return missed
}
