package group

import (
	"fmt"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Who is alone in a healthy store comes through an outage of the source as a session does
// that does not share: its own notices hold it off no longer than its backoff does.
func TestAloneInAStoreAnOutageLastsNoLonger(t *testing.T) {
	const slack = 1500 // ms: each draws its backoff by itself
	for _, windows := range [][2]float64{{12, 2}, {12, 8}, {8, 8}, {10, 5}, {6, 3}, {15, 12}} {
		for _, outage := range [][2]int64{{12_000, 20_000}, {10_000, 22_000}, {8_000, 30_000}} {
			var worst [2]int64
			for seed := uint64(1); seed <= 20; seed++ {
				for i, share := range []core.Sharing{core.Unshared, core.Shared} {
					o := outing{windows: windows, outage: outage, share: share}
					o.play(t, seed)
					worst[i] = max(worst[i], o.firstAfter)
				}
			}
			if worst[1] > worst[0]+slack {
				t.Errorf("windows %v, outage %v: the first attempt after it comes %d ms late, without sharing %d ms", windows, outage, worst[1], worst[0])
			}
		}
	}
}

// outing is the life of one session over an outage, in virtual time. Sets live 24 s.
type outing struct {
	windows    [2]float64
	outage     [2]int64
	share      core.Sharing
	firstAfter int64 // ms from its end to the next attempt

	s          *core.Session
	elapsed    int64
	turn       int64
	entry      core.Found
	notice     int64
	noticeEnds int64
	sets       uint64
}

func (o *outing) now() core.Now {
	return core.Now{Wall: 1_800_000_000_000 + o.elapsed, Elapsed: o.elapsed}
}

func (o *outing) play(t *testing.T, seed uint64) {
	t.Helper()
	o.s, o.firstAfter = core.New(), -1
	for _, set := range []struct {
		option core.Option
		value  float64
	}{
		{core.OptMethod, float64(core.MethodCustom)}, {core.OptMaxWait, 0}, {core.OptJitter, 0},
		{core.OptAdvisoryTimeout, o.windows[0]}, {core.OptMandatoryTimeout, o.windows[1]}, {core.OptShare, float64(o.share)},
	} {
		if err := o.s.Set(set.option, set.value); err != nil {
			t.Fatal(err)
		}
	}
	d, err := o.s.Open(o.now(), seed)
	if err != nil {
		t.Fatal(fmt.Errorf("%v: %w", o.windows, err))
	}
	o.apply(d)
	for ; o.elapsed < 45_000; o.elapsed += 100 {
		o.apply(o.s.Ask(o.now(), core.Need{}))
		o.apply(o.s.Wake(o.now()))
	}
}

// apply does at once what a decision asks of the host.
func (o *outing) apply(d core.Decision) {
	if d.Started != 0 {
		o.attempt(d.Started)
	}
	s, now := o.s, o.now()
	switch d.Share {
	case core.ShareLook:
		found := o.entry
		found.Turn = o.turn
		if found.Expiry > 0 {
			found.Left = found.Expiry - now.Wall
		}
		found.Notice, found.NoticeLeft = o.notice, max(0, o.noticeEnds-o.elapsed)
		o.apply(s.ShareFound(d.ShareCall, now, found))
	case core.ShareCampaign:
		o.turn++
		o.apply(s.ShareLed(d.ShareCall, now, o.turn, true, d.ShareSpan))
	case core.SharePublish:
		o.notice, o.noticeEnds = 0, 0
		o.entry = core.Found{Expiry: now.Wall + 24_000, Fingerprint: o.sets, Life: 24_000, Generation: d.ShareNumber}
		o.apply(s.ShareDone(d.ShareCall, now, true))
	case core.ShareResign:
		if o.notice = int64(d.ShareNotice); o.notice != 0 {
			o.noticeEnds = o.elapsed + d.ShareSpan
		}
		o.apply(s.ShareDone(d.ShareCall, now, true))
	}
}

func (o *outing) attempt(ticket int64) {
	if o.elapsed >= o.outage[1] && o.firstAfter < 0 {
		o.firstAfter = o.elapsed - o.outage[1]
	}
	if o.elapsed >= o.outage[0] && o.elapsed < o.outage[1] {
		o.apply(o.s.Fail(ticket, o.now(), core.Recoverable, core.CodeSource, 0))
		return
	}
	o.sets++
	o.apply(o.s.Complete(ticket, o.now(), core.Facts{Expiry: o.now().Wall + 24_000, Fingerprint: o.sets}))
}
