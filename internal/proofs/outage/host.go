package main

// host is a machine that runs one library: its wall clock may be wrong, and it may
// sleep.
type host struct {
	*service
	wallError         func(now int64) int64
	sleepsFrom, wakes int64 // 0, 0: never
}

// wall is what the machine's clock shows.
func (h *host) wall() int64 {
	if h.wallError == nil {
		return epoch + h.Now
	}
	return epoch + h.Now + h.wallError(h.Now)
}

// elapsed stands still while the machine sleeps, as CLOCK_MONOTONIC does.
func (h *host) elapsed() int64 {
	switch {
	case h.wakes == 0 || h.Now < h.sleepsFrom:
		return h.Now
	case h.Now < h.wakes:
		return h.sleepsFrom
	}
	return h.Now - (h.wakes - h.sleepsFrom)
}

func (h *host) asleep() bool { return h.wakes != 0 && h.Now >= h.sleepsFrom && h.Now < h.wakes }

// library hands out credentials to callers who wait for the answer. got is called
// once, at once or later: with a set, or without one.
type library interface {
	ask(got func(c set, ok bool))
	// refused tells of a set that a service did not take. It is true where the call
	// is made once more, with what got is then given.
	refused(c set, got func(c set, ok bool)) bool
}

// tally is what became of the requests of one run.
type tally struct {
	made, failed int64
	longest      int64 // wait of any caller for credentials
	byMinute     []int64
	failing      []int64 // of those
	calls, peak  int64   // of STS
}

// request is one call of a caller's: credentials, then the call that they sign, to a
// service that takes no set at all where it is sick. What becomes of those is not
// counted: they fail whatever a library does.
func (t *tally) request(h *host, l library, sick bool, done func()) {
	begun, again := h.Now, true
	var answer func(c set, ok bool)
	answer = func(c set, ok bool) {
		good := ok && h.accepts(c) && !sick
		if ok && !good && again {
			again = false
			if l.refused(c, answer) {
				return
			}
		}
		if !sick {
			t.longest = max(t.longest, h.Now-begun)
			t.count(h.Now, good)
		}
		done()
	}
	l.ask(answer)
}

func (t *tally) count(now int64, good bool) {
	m := int(now / minute)
	for len(t.byMinute) <= m {
		t.byMinute, t.failing = append(t.byMinute, 0), append(t.failing, 0)
	}
	t.made++
	t.byMinute[m]++
	if !good {
		t.failed++
		t.failing[m]++
	}
}
