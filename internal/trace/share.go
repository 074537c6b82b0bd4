package trace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// shared is what a store reports: an event of sharing.
func (r *replayer) shared(verb string, a *args) (core.Decision, error) {
	switch verb {
	case "share_found":
		call, found := r.named(a), r.found(a)
		return r.m.ShareFound(call, r.now, found), a.err
	case "share_led":
		call, number, won := r.named(a), a.count("number"), a.word("won")
		return r.m.ShareLed(call, r.now, number, won, a.spanOrNever("left")), nil
	case "share_done":
		return r.m.ShareDone(r.named(a), r.now, !a.word("refused")), nil
	case "share_failed":
		reason := core.StoreUnreachable
		if a.word("unreadable") {
			reason = core.StoreUnreadable
		}
		return r.m.ShareFailed(r.named(a), r.now, reason), nil
	case "share_hint":
		return r.m.ShareHint(r.now), nil
	}
	return core.Decision{}, fmt.Errorf("%q is no event", verb)
}

// found takes what a look has found. Without fp there is no entry, and without left the
// store has no clock.
func (r *replayer) found(a *args) core.Found {
	f := core.Found{
		Generation: a.count("generation"), Replaces: uint64(a.count("replaces")),
		Turn: a.count("turn"), TurnLeft: a.spanOrNever("turn_left"), NoticeLeft: a.span("notice_left"),
	}
	if notice, ok := a.take("notice"); ok {
		class, count, _ := strings.Cut(notice, ":")
		n, err := strconv.ParseInt(count, 10, 64)
		at := index(classes, class)
		if (err != nil || at < 0) && a.err == nil {
			a.err = errors.New("notice must be CLASS:COUNT")
		}
		f.Notice = int64(at) + 16*n
	}
	if !a.has("fp") {
		return f
	}
	f.Fingerprint, f.Life, f.Left = uint64(a.number("fp")), a.span("life"), core.Never
	if a.has("left") {
		f.Left = a.spanOrNever("left")
	}
	if f.Expiry = core.Never; !a.word("endless") {
		f.Expiry = Base + a.span("expires")
	}
	return f
}

// count takes a whole number; 0 where it is left out.
func (a *args) count(name string) int64 {
	if !a.has(name) {
		return 0
	}
	return a.number(name)
}

// spanOrNever takes a span, which may be without end.
func (a *args) spanOrNever(name string) int64 {
	for i, w := range a.words {
		if w == name+"=never" {
			a.words = append(a.words[:i:i], a.words[i+1:]...)
			return core.Never
		}
	}
	return a.span(name)
}

// belowZero tells whether a number of an event of sharing is below zero where it may not.
func belowZero(verb, name, value string) bool {
	if !strings.HasPrefix(verb, "share_") || !strings.HasPrefix(value, "-") {
		return false
	}
	return name != "expires" && name != "replaces" && (name != "left" || verb == "share_led")
}

// showShare writes what a decision asks of the host at the store.
func (r *replayer) showShare(d core.Decision, put func(key, value string, ok bool)) {
	if d.Share == core.ShareNone {
		return
	}
	span := "never"
	if d.ShareSpan != core.Never {
		span = FormatSpan(d.ShareSpan)
	}
	put("share", name(shares, d.Share), true)
	put("call", r.alias(d.ShareCall), true)
	put("call_until", FormatSpan(d.ShareUntil), true)
	put("number", strconv.FormatInt(d.ShareNumber, 10), d.ShareNumber != 0)
	put("share_set", r.alias(d.ShareSet), d.ShareSet != 0)
	put("span", span, d.ShareSpan != 0)
	put("notice", name(classes, d.ShareNotice%16)+":"+strconv.FormatInt(d.ShareNotice/16, 10), d.ShareNotice != 0)
	replaces := uint64(d.ReplacesHigh)<<32 | uint64(d.ReplacesLow)
	put("replaces", strconv.FormatUint(replaces, 10), replaces != 0)
}
