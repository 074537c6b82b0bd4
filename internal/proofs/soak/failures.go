package main

import "github.com/evercreds/evercreds/internal/proofs/workers"

// failure is a call that failed.
type failure struct {
	source string
	atMs   int64 // when it began, in ms since 1970
	tookMs int64
	// held: when it began, its session held a set that nobody had rejected, and
	// that was good for longer than the call took. Nothing explains that.
	held bool
	// spaced: sets of its session were rejected in a row, which a machine under
	// load does where a call takes the second that is left to a set.
	spaced bool
	code   string // of the error, where it is the session's
	error  string
}

// failureOf is what a worker's line tells of a call that failed.
func failureOf(source string, l workers.Line) failure {
	took, left := l.EndMs-l.AtMs, l.Before.RemainingMs-l.Before.MandatoryMs
	return failure{source: source, atMs: l.AtMs, tookMs: took, code: l.Code, error: l.Failed,
		held:   left > took && !l.Before.Rejected && l.Before.Rejections == l.After.Rejections,
		spaced: l.Code == "rejected" && l.After.Rejections >= 2}
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
	if f.held || f.spaced {
		return f.spaced
	}
	for _, b := range blames {
		if b.fromMs <= f.atMs+f.tookMs && f.atMs <= b.endMs+aftermath {
			return true
		}
	}
	return false
}

// stallMs is the standstill that uses up what a set of this soak has left beside
// what a busy machine takes anyway.
const stallMs = 1000
