package abi

import "github.com/evercreds/evercreds/core"

// ShareFound is the export share_found. What a store says may be anything: numbers that
// no host can pass are refused here, and the host then reports share_failed.
func (l *Library) ShareFound(session int32, call, wall, elapsed, expiry int64, fingerprint uint64, life, left, generation int64,
	replaces uint64, turn, turnLeft, notice, noticeLeft int64, out *core.Decision) int32 {
	valid := span(call, life, generation, turn, turnLeft, notice, noticeLeft) && source(expiry, left)
	found := core.Found{
		Expiry: expiry, Fingerprint: fingerprint, Life: life, Left: left, Generation: generation, Replaces: replaces,
		Turn: turn, TurnLeft: turnLeft, Notice: notice, NoticeLeft: noticeLeft,
	}
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.ShareFound(call, now, found)
	})
}

// ShareLed is the export share_led.
func (l *Library) ShareLed(session int32, call, wall, elapsed, number int64, won int32, left int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, span(call, number, left) && truth(won), out, func(s *core.Session, now core.Now) core.Decision {
		return s.ShareLed(call, now, number, won == 1, left)
	})
}

// ShareDone is the export share_done.
func (l *Library) ShareDone(session int32, call, wall, elapsed int64, stored int32, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, span(call) && truth(stored), out, func(s *core.Session, now core.Now) core.Decision {
		return s.ShareDone(call, now, stored == 1)
	})
}

// ShareFailed is the export share_failed.
func (l *Library) ShareFailed(session int32, call, wall, elapsed int64, reason int32, out *core.Decision) int32 {
	r := core.StoreFailure(reason)
	valid := span(call) && r >= core.StoreUnreachable && r <= core.StoreUnreadable
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.ShareFailed(call, now, r)
	})
}

// ShareHint is the export share_hint.
func (l *Library) ShareHint(session int32, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, true, out, (*core.Session).ShareHint)
}
