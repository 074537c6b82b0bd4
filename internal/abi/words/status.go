package words

import (
	"fmt"

	"github.com/evercreds/evercreds/core"
)

// Unit is the unit of a status field's number.
type Unit string

// The units.
const (
	Name   Unit = "name"   // a constant, shown by its name
	Span   Unit = "span"   // milliseconds; core.Never: without end
	Truth  Unit = "truth"  // 0 or 1; for a ticket: whether there is one
	Count  Unit = "count"  // of events since the session was opened
	Hidden Unit = "hidden" // for hosts alone
)

// Field is one field of a session's status, as users see it.
type Field struct {
	Field core.Field
	Name  string
	Unit  Unit
	Text  string
}

// Fields are the fields of a status.
var Fields = []Field{
	{core.StatusPhase, "phase", Name, "the phase of the held credentials' life"},
	{core.StatusRemaining, "remaining", Span, "the time left until they expire; 0 where none are held"},
	{core.StatusLifetime, "lifetime", Span, "their lifetime when they were installed"},
	{core.StatusAdvisory, "advisory_timeout", Span, "the advisory window in force for them"},
	{core.StatusMandatory, "mandatory_timeout", Span, "the mandatory window in force for them"},
	{core.StatusDegraded, "degraded", Truth, "a required refresh has failed, and they stay in use"},
	{core.StatusIsRejected, "rejected", Truth, "they were invalidated for all callers"},
	{core.StatusIsReported, "reported", Truth, "a service rejected them for a caller; other callers keep using them"},
	{core.StatusFlight, "refreshing", Truth, "a refresh is under way"},
	{core.StatusIsClosed, "closed", Truth, "the session is closed"},
	{core.StatusLastCode, "last_error_code", Name, "why the last refresh failed, until one succeeds"},
	{core.StatusLastClass, "last_error_class", Name, "whether the cause can pass by itself"},
	{core.StatusHoldOff, "hold_off", Span, "the time until a background refresh may start; 0: at once"},
	{core.StatusStarts, "starts", Count, "refreshes started"},
	{core.StatusInstalls, "installs", Count, "refreshes that brought new credentials"},
	{core.StatusFailures, "failures", Count, "refreshes that failed, time-outs included"},
	{core.StatusTimeOuts, "time_outs", Count, "refreshes that did not end in time"},
	{core.StatusLateAnswers, "late_answers", Count, "answers that came after the refresh had timed out"},
	{core.StatusUnknownTickets, "unknown_tickets", Count, "answers for unknown refreshes"},
	{core.StatusNoProgress, "no_progress", Count, "answers with credentials that expire no later than those held"},
	{core.StatusRejections, "rejections", Count, "credentials that were rejected, for one caller or for all"},
	{core.StatusShare, "share", Name, "what the session is to the others that share its credentials"},
	{core.StatusShareTurn, "share_turn", Hidden, "the highest number of a turn that was met"},
	{core.StatusShareAdopted, "share_adopted", Count, "credentials that other sessions fetched"},
	{core.StatusSharePublished, "share_published", Count, "credentials that the store took"},
	{core.StatusShareRefused, "share_refused", Count, "credentials that the store refused, since it has newer ones"},
	{core.StatusShareCalls, "share_calls", Count, "calls of the store"},
	{core.StatusShareFailures, "share_failures", Count, "calls of the store that failed"},
	{core.StatusShareAlone, "share_alone", Count, "refreshes without a turn"},
	{core.StatusLastTicket, "last_ticket", Hidden, "the refresh that failed last"},
	{core.StatusSet, "set", Hidden, "the refresh that brought the held credentials"},
	{core.StatusEpoch, "epoch", Hidden, "rises when leases become void"},
	{core.StatusNextWake, "next_wake", Hidden, "when the host is to call wake"},
}

var (
	phases  = []string{"empty", "fresh", "advisory", "mandatory", "expired"}
	causes  = []string{"none", "first", "advisory", "mandatory", "rejected", "forced", "idle", "min_ttl", "degraded", "reported"}
	classes = []string{"none", "recoverable", "permanent", "throttled"}
	states  = []string{"off", "solo", "idle", "following", "leading"}
)

// Phase is a phase's name to users.
func Phase(p core.Phase) string { return nameOf("phase", phases, int(p)) }

// Cause is a cause's name to users.
func Cause(c core.Cause) string { return nameOf("cause", causes, int(c)) }

// Class is a class's name to users.
func Class(c core.Class) string { return nameOf("class", classes, int(c)) }

// ShareState is the name to users of what a session is to its group.
func ShareState(s core.ShareState) string { return nameOf("share", states, int(s)) }

func nameOf(kind string, names []string, n int) string {
	if n < 0 || n >= len(names) {
		return fmt.Sprintf("%s %d", kind, n)
	}
	return names[n]
}
