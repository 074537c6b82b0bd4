package sim

// The life of a fleet has chapters of equal length. What happens in one of them
// happens to all its sessions; host faults and odd replies befall single ones, until
// the chapter healed.
const (
	starting = iota
	calm
	inWindows
	down
	back
	calmAgain
	revoked
	calmOnceMore
	throttled
	unthrottled
	restarting
	rotated
	healed
	quiet

	chapters = 14
	chapter  = 20 * minute
)

var story = [chapters]string{
	starting:     "sessions start, within five minutes",
	calm:         "calm",
	inWindows:    "sets of an hour come to their windows",
	down:         "the source is down",
	back:         "the source is back",
	calmAgain:    "calm",
	revoked:      "all sets are revoked at once",
	calmOnceMore: "calm",
	throttled:    "the source takes a tenth of the calls",
	unthrottled:  "as many as before",
	restarting:   "every process restarts from a snapshot",
	rotated:      "base keys are rotated",
	healed:       "no more faults",
	quiet:        "quiet",
}

func (f *Fleet) chapter() int64 { return min(f.Now/chapter, chapters-1) }

func (f *Fleet) tally() *Tally { return &f.tallies[f.chapter()] }
