//go:build go1.25

package host_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// picky is a machine that refuses some reports, as the module does with numbers that
// it takes for none.
type picky struct {
	host.Core
	complete, fail, abandon bool
}

var errPicky = errors.New("refused")

func (p *picky) Complete(ticket int64, now core.Now, facts core.Facts) (core.Decision, error) {
	if p.complete {
		return core.Decision{}, errPicky
	}
	return p.Core.Complete(ticket, now, facts)
}

func (p *picky) Fail(ticket int64, now core.Now, class core.Class, reason core.Code, pause int64) (core.Decision, error) {
	if p.fail {
		return core.Decision{}, errPicky
	}
	return p.Core.Fail(ticket, now, class, reason, pause)
}

func (p *picky) Abandon(ticket int64, now core.Now) (core.Decision, error) {
	if p.abandon {
		return core.Decision{}, errPicky
	}
	return p.Core.Abandon(ticket, now)
}

// failing is the error of a host under test.
type failing struct{ host.Failure }

func (failing) Error() string { return "failed" }

func open(t *testing.T, machine host.Machine, fetch sources.CustomFunc) *host.Host {
	t.Helper()
	return openWith(t, &sync.Mutex{}, machine, fetch)
}

func openWith(t *testing.T, lock sync.Locker, machine host.Machine, fetch sources.CustomFunc) *host.Host {
	t.Helper()
	source, err := sources.NewCustom(fetch)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	h := host.New(host.Config{
		Machine: machine, Lock: lock, Source: source, Method: core.MethodCustom,
		Clock: func() core.Now {
			return core.Now{Wall: time.Now().UnixMilli(), Elapsed: time.Since(start).Milliseconds()}
		},
		Refuse: func(f host.Failure) error { return failing{f} },
	})
	if err := h.Open(1); err != nil {
		t.Fatal(err)
	}
	return h
}

func set() sources.Credentials {
	return sources.Credentials{AccessKeyID: "k", SecretAccessKey: "s", SessionToken: "t", Expires: time.Now().Add(time.Hour)}
}

// caller A refreshes; source answers, and the machine refuses the report: A hears at
// once, by the report that says less. If the machine refuses every report, the flight's
// deadline frees A.
func TestAReportThatIsRefused(t *testing.T) {
	brings := func(context.Context) (sources.Credentials, error) { return set(), nil }
	fails := func(context.Context) (sources.Credentials, error) { return set(), errors.New("outage") }
	for name, c := range map[string]struct {
		picky picky
		fetch sources.CustomFunc
		want  core.Code
		after time.Duration
	}{
		"an answer":  {picky{complete: true}, brings, core.CodeMalformed, 0},
		"a failure":  {picky{fail: true}, fails, core.CodeAbandoned, 0},
		"both":       {picky{complete: true, fail: true}, brings, core.CodeAbandoned, 0},
		"everything": {picky{complete: true, fail: true, abandon: true}, brings, core.CodeTimedOut, 15 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.picky.Core = host.Core{Session: core.New()}
			if err := c.picky.Set(core.OptMethod, float64(core.MethodCustom)); err != nil {
				t.Fatal(err)
			}
			h := open(t, &c.picky, c.fetch)
			start := time.Now()
			_, err := h.Refresh(t.Context())
			var told failing
			if !errors.As(err, &told) || told.Code != c.want || time.Since(start) != c.after || h.Sets() != 0 {
				t.Errorf("%s: got %v after %v", name, told.Failure, time.Since(start))
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// caller A refreshes; source answers, and leaves behind what has its context; that
// asks: it is a caller like any other.
func TestCodeLeftBehindByASourceMayAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan context.Context, 2)
		h := open(t, host.Core{Session: core.New()}, func(ctx context.Context) (sources.Credentials, error) {
			left <- context.WithoutCancel(ctx)
			return set(), nil
		})
		if _, err := h.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Refresh(<-left); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// restoring is a machine that dies as it is to answer a waiter, and is made anew of what
// was known before the flight, in that very call.
type restoring struct {
	host.Core
	host  *host.Host
	times int
}

func (r *restoring) Answer(ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error) {
	if r.times++; r.times == 1 {
		err := r.host.Restore(func(now core.Now) (core.Decision, error) {
			r.Core = host.Core{Session: core.New()}
			return r.Open(now, 2)
		})
		if err != nil {
			return core.Decision{}, err
		}
	}
	return r.Core.Answer(ticket, now, need, forced)
}

// caller A asks; source answers; the machine is restored in the call that answers A, and
// does not know the flight: A asks anew, and is not told an error that nothing has caused.
func TestARestoreInTheCallThatAnswers(t *testing.T) {
	for _, forced := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			machine := &restoring{Core: host.Core{Session: core.New()}}
			machine.host = open(t, machine, func(context.Context) (sources.Credentials, error) {
				calls++
				return set(), nil
			})
			ask := func(ctx context.Context) (err error) {
				if forced {
					_, err = machine.host.Refresh(ctx)
				} else {
					_, err = machine.host.Credentials(ctx, core.Need{})
				}
				return err
			}
			if err := ask(t.Context()); err != nil || calls != 2 {
				t.Errorf("forced %v: %v after %d calls of the source", forced, err, calls)
			}
			if err := machine.host.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
