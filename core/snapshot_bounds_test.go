package core

import (
	"errors"
	"testing"
)

// written is the snapshot of a session in a state that none comes to by itself.
func written(s *Session) []byte {
	if s.stage != stageNew {
		return s.AppendSnapshot(nil)
	}
	s.stage = stageOpen // which alone is written
	whole := s.AppendSnapshot(nil)
	s.stage = stageNew
	c := codec{b: whole[:8:8]}
	s.walk(&c)
	sum := checksum(c.b)
	c.word(&sum)
	return c.b
}

// Each number of a snapshot has its bounds, and values just within them are accepted. A
// snapshot comes from a file: a session restored with a time-out of 0, or a window of
// days, would never work.
func TestRestoreRefusesImpossibleSnapshots(t *testing.T) {
	for name, c := range map[string]struct {
		good, bad func(s *Session, v int64)
		last      int64 // the last good value; the next one is bad
		step      int64
	}{
		"refresh_timeout of nothing":  {good: func(s *Session, v int64) { s.cfg.timeout = v }, last: 1, step: -1},
		"refresh_timeout":             {good: func(s *Session, v int64) { s.cfg.timeout = v }, last: 12 * hour, step: 1},
		"max_wait":                    {good: func(s *Session, v int64) { s.cfg.maxWait = v }, last: hour, step: 1},
		"max_wait below 0":            {good: func(s *Session, v int64) { s.cfg.maxWait = v }, last: 0, step: -1},
		"max_stale":                   {good: func(s *Session, v int64) { s.cfg.maxStale = v }, last: Never, step: 1},
		"advisory_timeout":            {good: func(s *Session, v int64) { s.cfg.advisory = v }, last: 12 * hour, step: 1},
		"mandatory over advisory":     {good: func(s *Session, v int64) { s.cfg.mandatory = v }, last: 900 * second, step: 1},
		"method":                      {good: func(s *Session, v int64) { s.cfg.method = Method(v) }, last: 1, step: -1},
		"stage":                       {good: func(s *Session, v int64) { s.stage = stage(v) }, last: int64(stageOpen), step: -1},
		"the held advisory window":    {good: func(s *Session, v int64) { s.held.advisory = v }, last: 12 * hour, step: 1},
		"the held mandatory window":   {good: func(s *Session, v int64) { s.held.mandatory = v }, last: 900 * second, step: 1},
		"elapsed clock":               {good: func(s *Session, v int64) { s.now.Elapsed = v }, last: 0, step: -1},
		"wall clock":                  {good: func(s *Session, v int64) { s.now.Wall = v }, last: maxInstant, step: 1},
		"ticket":                      {good: func(s *Session, v int64) { s.held.ticket = v }, last: Never - 1, step: 1},
		"lifetime":                    {good: func(s *Session, v int64) { s.held.lifetime = v }, last: Never, step: 1},
		"epoch":                       {good: func(s *Session, v int64) { s.epoch = v }, last: maxCount, step: 1},
		"failures":                    {good: func(s *Session, v int64) { s.required.failures = v }, last: 0, step: -1},
		"strikes":                     {good: func(s *Session, v int64) { s.strikes = v }, last: maxCount, step: 1},
		"hold-off":                    {good: func(s *Session, v int64) { s.static = v }, last: 3 * maxInstant, step: 1},
		"spacing of reports":          {good: func(s *Session, v int64) { s.held.spaced = v }, last: 3 * maxInstant, step: 1},
		"wall end of an endless set":  {good: endless, bad: func(s *Session, _ int64) { endless(s, 0); s.held.wall = hour }},
		"other end of an endless set": {good: endless, bad: func(s *Session, _ int64) { endless(s, 0); s.held.elapsed = hour }},
		"share_turn":                  {good: func(s *Session, v int64) { share(s); s.cfg.shareTurn = v }, last: 30 * second, step: 1},
		"share_turn of nothing":       {good: func(s *Session, v int64) { share(s); s.cfg.shareTurn = v }, last: second, step: -1},
		"share_wait":                  {good: func(s *Session, v int64) { share(s); s.cfg.shareWait = v }, last: minute, step: 1},
		"share_call":                  {good: func(s *Session, v int64) { share(s); s.cfg.shareCall = v }, last: 25, step: -1},
		"share_first_call":            {good: func(s *Session, v int64) { share(s); s.cfg.shareMeet = v }, last: 30 * second, step: 1},
		"share_poll":                  {good: func(s *Session, v int64) { share(s); s.cfg.sharePoll = v }, last: 5, step: -1},
		"the highest number":          {good: func(s *Session, v int64) { share(s); s.share.seen = v }, last: Never - 1, step: 1},
		"the source's time":           {good: func(s *Session, v int64) { share(s); s.share.anchor = v }, last: 2 * maxInstant, step: 1},
		"the store's ladder":          {good: func(s *Session, v int64) { share(s); s.share.until = v }, last: 3 * maxInstant, step: 1},
		"the store's failures":        {good: func(s *Session, v int64) { share(s); s.share.failures = v }, last: 0, step: -1},
		"sets that were published":    {good: func(s *Session, v int64) { share(s); s.share.counts.published = v }, last: maxCount, step: 1},
		"sharing without its option":  {good: func(s *Session, _ int64) { share(s) }, bad: func(s *Session, _ int64) { share(s); s.cfg.share = Unshared }},
		"something of nothing":        {good: func(s *Session, _ int64) { s.held = set{} }, bad: func(s *Session, _ int64) { s.held = set{fingerprint: 1} }},
	} {
		if c.bad == nil {
			c.bad = c.good
		}
		good, bad := held(t), held(t)
		c.good(good, c.last)
		c.bad(bad, c.last+c.step)
		if _, _, err := Restore(written(good), Now{Elapsed: 2 * hour}, 2); err != nil {
			t.Errorf("%s: %d: %v", name, c.last, err)
		}
		if _, _, err := Restore(written(bad), Now{Elapsed: 2 * hour}, 2); !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %d: %v", name, c.last+c.step, err)
		}
	}
}

// share makes a session one that shares.
func share(s *Session) {
	s.cfg.share = Shared
	s.cfg.given |= 1 << uint(OptShare)
	s.cfg.finishShare()
}

func endless(s *Session, _ int64) { s.held.wall, s.held.elapsed, s.held.lifetime = Never, Never, Never }

// held is a session that holds a set of an hour.
func held(t *testing.T) *Session {
	s, now := New(), Now{Wall: 1_800_000_000_000, Elapsed: minute}
	if _, err := s.Open(now, 1); err != nil {
		t.Fatal(err)
	}
	if d := s.Complete(s.Ask(now, Need{}).Started, now, Facts{Expiry: now.Wall + hour, Fingerprint: 1}); d.Notes&NoteInstalled == 0 {
		t.Fatalf("%+v", d)
	}
	return s
}
