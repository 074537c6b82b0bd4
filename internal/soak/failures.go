package main

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

// blame is a fault of a source, and when it was in force. A set that was rejected
// is none: it is replaced at once, and its call is sent again.
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
