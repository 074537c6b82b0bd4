package main

import "time"

// failure is a call that failed.
type failure struct {
	Source string `json:"source"`
	AtMs   int64  `json:"at_ms"` // when it began, in ms since 1970
	TookMs int64  `json:"took_ms"`
	// Held: when it began, its session held a set that nobody had rejected, and
	// that was good for longer than the call took. Nothing explains that.
	Held bool `json:"held"`
	// Spaced: sets of its session were rejected in a row, which a machine under
	// load does where a call takes the second that is left to a set.
	Spaced bool   `json:"spaced"`
	Error  string `json:"error"`
}

// blame is a fault of a source, and when it was in force; or a time in which the
// machine let a process stand still, and so a blame of all sources. A set that was
// rejected is none: it is replaced at once, and its call is sent again.
type blame struct {
	fromMs, endMs int64
}

// aftermath is for how long a fault that is over may still be felt: an attempt
// that hangs ends with its time, and the pause after a failure is 5 s at most.
const aftermath = int64(refreshTimeout+5+2) * 1000

// explained tells whether its source's faults account for a failed call.
func (f failure) explained(blames []blame) bool {
	if f.Held || f.Spaced {
		return f.Spaced
	}
	for _, b := range blames {
		if b.fromMs <= f.AtMs+f.TookMs && f.AtMs <= b.endMs+aftermath {
			return true
		}
	}
	return false
}

// stallMs is the standstill that uses up what a set of this soak has left beside
// what a busy machine takes anyway.
const stallMs = 1000

// watchStalls tells of each standstill of this process until done is closed.
func watchStalls(done <-chan struct{}, stall func(lag time.Duration)) {
	const every = 50 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
			now := time.Now()
			if lag := now.Sub(last) - every; lag > 0 {
				stall(lag)
			}
			last = now
		}
	}
}
