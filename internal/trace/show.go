package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// show writes a decision: its kind, then the fields that are not at their
// default.
func (r *replayer) show(d core.Decision) string {
	for _, t := range []int64{d.Started, d.Ticket, d.Settled, d.ShareCall} {
		if t != 0 && !slices.Contains(r.tickets, t) {
			r.tickets = append(r.tickets, t)
		}
	}
	w := strings.Builder{}
	w.WriteString(name(kinds, d.Kind))
	put := func(key, value string, ok bool) {
		if ok {
			w.WriteString(" " + key + "=" + value)
		}
	}
	ticket := func(key string, t int64) { put(key, r.alias(t), t != 0) }
	elapsed := func(key string, at int64) { put(key, FormatSpan(at), at != core.Never) }
	wall := func(key string, at int64) { put(key, FormatSpan(at-Base), at != core.Never) }

	put("flags", set(flags, d.Flags), d.Flags != 0)
	put("code", name(codes, d.Code), d.Code != 0)
	put("class", name(classes, d.Class), d.Class != 0)
	ticket("ticket", d.Ticket)
	ticket("set", d.Set)
	elapsed("lease", d.LeaseElapsed)
	wall("lease_wall", d.LeaseWall)
	wall("expiry", d.Expiry)
	elapsed("deadline", d.Deadline)
	elapsed("retry_at", d.RetryAt)
	put("until", FormatSpan(d.Until), d.Until != 0)
	ticket("error_ticket", d.ErrorTicket)
	put("epoch", strconv.FormatInt(d.Epoch, 10), true)
	ticket("started", d.Started)
	put("cause", name(causes, d.StartCause), d.StartCause != 0)
	elapsed("start_deadline", d.StartDeadline)
	ticket("settled", d.Settled)
	ticket("cancelled", d.Cancelled)
	elapsed("wake", d.NextWake)
	put("phase", name(phases, d.Phase), true)
	put("notes", set(notes, d.Notes), d.Notes != 0)
	r.showShare(d, put)
	return w.String()
}

// alias is the #N of a ticket.
func (r *replayer) alias(ticket int64) string {
	if at := slices.Index(r.tickets, ticket); at >= 0 {
		return "#" + strconv.Itoa(at+1)
	}
	return "#" + strconv.FormatInt(ticket, 10)
}

func (r *replayer) status(a *args) (string, error) {
	out := "status"
	for _, f := range a.words {
		at := index(fields, f)
		if at < 0 {
			return "", fmt.Errorf("%q is no status field", f)
		}
		field := core.Field(at)
		out += " " + f + "=" + r.statusValue(field, r.m.Status(field, r.now))
	}
	a.words = nil
	return out, nil
}

func (r *replayer) statusValue(f core.Field, v int64) string {
	switch f {
	case core.StatusPhase:
		return name(phases, v)
	case core.StatusShare:
		return name(states, v)
	case core.StatusLastCode:
		return name(codes, v)
	case core.StatusLastClass:
		return name(classes, v)
	case core.StatusSet, core.StatusFlight, core.StatusLastTicket:
		return r.alias(v)
	case core.StatusRemaining, core.StatusAdvisory, core.StatusMandatory, core.StatusLifetime,
		core.StatusHoldOff, core.StatusNextWake:
		if v == core.Never {
			return "never"
		}
		return FormatSpan(v)
	}
	return strconv.FormatInt(v, 10)
}
