package abi

import "github.com/evercreds/evercreds/core"

// BufferBytes is the capacity of the wasm module's static buffer.
const BufferBytes = 16384

// SlotCount is the number of slots of a decision.
const SlotCount = len(Slots)

// lastOption is the highest number that session_option takes.
const lastOption = core.OptShareFirstCall

// lastStatus is the highest number that session_status takes.
const lastStatus = core.StatusShareAlone

// exact bounds the instants and tickets that cross the line: up to here, a double
// stands for only one whole number.
const exact = int64(1)<<53 - 1

// maxInstant bounds the pair of instants of an event (year 9999), so that the
// core's sums cannot reach core.Never.
const maxInstant = int64(253402300800000)

// Group is an enumeration. Every constant's name begins with Prefix.
type Group struct {
	Name      string // for languages that group constants, in camel case
	Prefix    string
	Bits      bool // the constants are bits of one number
	Doc       string
	Constants []Constant
}

// Loose are the constants of no enumeration.
var Loose = []Constant{
	{"ABI_MAJOR", Major, "a binding refuses a library of another major version"},
	{"ABI_MINOR", Minor, "minor versions only add"},
	{"NEVER", core.Never, "no instant; as an expiry: the set does not expire"},
	{"SNAPSHOT_BYTES", core.SnapshotBytes, "enough for any snapshot"},
	{"BUFFER_BYTES", BufferBytes, "the capacity of the wasm module's buffer"},
	{"MIN_TTL_MAX_MS", core.MaxMinTTL, "the bound of min_ttl_ms"},
	{"METHOD_REGISTERED", int64(core.MethodRegistered), "the first number for methods of the host's own"},
}

// Groups are the enumerations, from core's constants. Append only. They are
// made on demand, so that no library carries them.
func Groups() []Group {
	return []Group{
		{"Feature", "FEATURE_", true, "the bits of abi_features", Features},
		{"Kind", "KIND_", false, "what a caller is to do", []Constant{
			{"KIND_NONE", int64(core.None), "nothing to tell a caller"},
			{"KIND_SERVE", int64(core.Serve), "use the set, until the lease ends"},
			{"KIND_SERVE_AND_REFRESH", int64(core.ServeAndRefresh), "use the set; run the started flight in the background"},
			{"KIND_REFRESH_INLINE", int64(core.RefreshInline), "run the started flight, then call answer: the new set or the old one"},
			{"KIND_REFRESH", int64(core.Refresh), "run the started flight, wait for it, then call answer"},
			{"KIND_WAIT", int64(core.Wait), "wait for the flight under way, then call answer; ticket 0: wait until deadline_ms or a void decision, then call ask"},
			{"KIND_ERROR", int64(core.Error), "fail now; the source is not contacted before retry_at_ms"},
		}},
		{"Flag", "FLAG_", true, "the bits of a decision's flags", []Constant{
			{"FLAG_DEGRADED", int64(core.Degraded), "a required refresh failed, and the set stays in use"},
			{"FLAG_EXPIRED", int64(core.Expired), "the set is served past its expiry"},
			{"FLAG_HELD_OFF", int64(core.HeldOff), "a hold-off prevented an attempt that was due"},
			{"FLAG_FLIGHT_FAILED", int64(core.FlightFailed), "the waiter's flight failed, and the held set is served"},
			{"FLAG_ENDLESS", int64(core.Endless), "the set does not expire"},
		}},
		{"Code", "CODE_", false, "the reason of an error", []Constant{
			{"CODE_NONE", int64(core.CodeNone), "no error"},
			{"CODE_SOURCE", int64(core.CodeSource), "the source failed; error_ticket names the attempt"},
			{"CODE_TIMED_OUT", int64(core.CodeTimedOut), "no answer by the flight's deadline"},
			{"CODE_ABANDONED", int64(core.CodeAbandoned), "the host's attempt ended without an answer"},
			{"CODE_MALFORMED", int64(core.CodeMalformed), "the reply could not be used"},
			{"CODE_EXPIRED_REPLY", int64(core.CodeExpiredReply), "the reply had already expired"},
			{"CODE_STILL_REJECTED", int64(core.CodeStillRejected), "the reply brought a rejected set again"},
			{"CODE_NO_PROGRESS", int64(core.CodeNoProgress), "the reply expires no later than the expired set that is held"},
			{"CODE_REJECTED", int64(core.CodeRejected), "the set was rejected, and there is no other yet"},
			{"CODE_MIN_TTL", int64(core.CodeMinTTL), "the set has less time left than this caller needs"},
			{"CODE_CLOSED", int64(core.CodeClosed), "the session is closed"},
			{"CODE_SHARE_BUSY", int64(core.CodeShareBusy), "exclusive sharing: another session has had the turn all the time"},
			{"CODE_SHARE_LOCK", int64(core.CodeShareLock), "exclusive sharing: the store cannot give a turn"},
		}},
		{"ErrorClass", "CLASS_", false, "whether a failure can pass by itself", []Constant{
			{"CLASS_NONE", int64(core.ClassNone), "no failure"},
			{"CLASS_RECOVERABLE", int64(core.Recoverable), "try again later"},
			{"CLASS_PERMANENT", int64(core.Permanent), "trying again will not help"},
			{"CLASS_THROTTLED", int64(core.Throttled), "of reports alone: recoverable, as decisions and a status say of it, and the source asked for a pause"},
		}},
		{"Cause", "CAUSE_", false, "why a flight was started", []Constant{
			{"CAUSE_NONE", int64(core.CauseNone), "no flight was started"},
			{"CAUSE_FIRST", int64(core.CauseFirst), "nothing is held"},
			{"CAUSE_ADVISORY", int64(core.CauseAdvisory), "the advisory window was reached"},
			{"CAUSE_MANDATORY", int64(core.CauseMandatory), "the mandatory window was reached, or the set has expired"},
			{"CAUSE_REJECTED", int64(core.CauseRejected), "the set was invalidated"},
			{"CAUSE_FORCED", int64(core.CauseForced), "the user asked for it"},
			{"CAUSE_IDLE", int64(core.CauseIdle), "an eager session refreshes without a caller"},
			{"CAUSE_MIN_TTL", int64(core.CauseMinTTL), "a caller needs more time than is left"},
			{"CAUSE_DEGRADED", int64(core.CauseDegraded), "a required refresh failed earlier; this one runs in the background"},
			{"CAUSE_REPORTED", int64(core.CauseReported), "a service refused the set to one caller"},
		}},
		{"Phase", "PHASE_", false, "where a set stands in its life", []Constant{
			{"PHASE_EMPTY", int64(core.PhaseEmpty), "nothing is held"},
			{"PHASE_FRESH", int64(core.PhaseFresh), "no refresh is due"},
			{"PHASE_ADVISORY", int64(core.PhaseAdvisory), "a refresh is due; nobody waits for it"},
			{"PHASE_MANDATORY", int64(core.PhaseMandatory), "callers wait for a refresh"},
			{"PHASE_EXPIRED", int64(core.PhaseExpired), "the set has expired"},
		}},
		{"Note", "NOTE_", true, "what happened: for logs and counters", []Constant{
			{"NOTE_INSTALLED", int64(core.NoteInstalled), "a new set is held"},
			{"NOTE_FAILED", int64(core.NoteFailed), "an attempt failed while somebody waited"},
			{"NOTE_FAILED_QUIETLY", int64(core.NoteFailedQuietly), "an attempt failed while nobody waited"},
			{"NOTE_TIMED_OUT", int64(core.NoteTimedOut), "a flight passed its deadline"},
			{"NOTE_LATE_INSTALLED", int64(core.NoteLateInstalled), "a late answer brought the set now held"},
			{"NOTE_LATE_IGNORED", int64(core.NoteLateIgnored), "a late answer was ignored"},
			{"NOTE_UNKNOWN_TICKET", int64(core.NoteUnknownTicket), "an answer for an unknown flight"},
			{"NOTE_NO_PROGRESS", int64(core.NoteNoProgress), "the reply expires no later than what is held"},
			{"NOTE_REANCHORED", int64(core.NoteReanchored), "the same set has more time left by the server's clock"},
			{"NOTE_REJECTED", int64(core.NoteRejected), "the held set was invalidated for all callers"},
			{"NOTE_INVALIDATE_IGNORED", int64(core.NoteInvalidateIgnored), "an invalidate that does not name the held set was ignored"},
			{"NOTE_SPACED", int64(core.NoteSpaced), "a new set was rejected at once; the next attempt is delayed"},
			{"NOTE_WINDOWS_SHRUNK", int64(core.NoteWindowsShrunk), "the configured windows did not fit the lifetime (once per session)"},
			{"NOTE_WRITTEN_OFF", int64(core.NoteWrittenOff), "a timed-out attempt is considered lost"},
			{"NOTE_DEGRADED", int64(core.NoteDegraded), "a required refresh failed, and the held set stays in use"},
			{"NOTE_REPORTED", int64(core.NoteReported), "a service refused the held set to one caller"},
			{"NOTE_ADOPTED", int64(core.NoteAdopted), "the new set is one that another session fetched"},
			{"NOTE_LED", int64(core.NoteLed), "this session has the turn"},
			{"NOTE_FOLLOWED", int64(core.NoteFollowed), "another has the turn, and the flight waits for its set"},
			{"NOTE_TOOK_OVER", int64(core.NoteTookOver), "the turn before ended without a set and without a notice"},
			{"NOTE_PUBLISHED", int64(core.NotePublished), "the store has taken the set"},
			{"NOTE_PUBLISH_REFUSED", int64(core.NotePublishRefused), "the store has a newer set"},
			{"NOTE_STORE_FAILED", int64(core.NoteStoreFailed), "the store failed; it is left alone for a while"},
			{"NOTE_STORE_BACK", int64(core.NoteStoreBack), "the store answers again"},
			{"NOTE_ALONE", int64(core.NoteAlone), "a flight without a turn has started"},
			{"NOTE_HELD_BY_NOTICE", int64(core.NoteHeldByNotice), "another's attempt failed; a flight that nobody waits for is held off"},
		}},
		{"Evidence", "EVIDENCE_", false, "what a service's error says about the set that signed the call", []Constant{
			{"EVIDENCE_NONE", int64(core.EvidenceNone), "the error is about something else"},
			{"EVIDENCE_STRONG", int64(core.EvidenceStrong), "the service refuses the set"},
			{"EVIDENCE_WEAK", int64(core.EvidenceWeak), "the service may refuse the set, or something else is wrong"},
		}},
		{"Option", "OPT_", false, "the settings of a session", options()},
		{"Policy", "POLICY_", false, "presets of options: OPT_POLICY", []Constant{
			{"POLICY_CLASSIC", int64(core.Classic), "fixed windows; the held set serves until expiry"},
			{"POLICY_ADAPTIVE", int64(core.Adaptive), "windows by lifetime, with jitter; the held set serves until expiry"},
			{"POLICY_AWS2026", int64(core.AWS2026), "the rules of the AWS SDKs of 2026"},
		}},
		{"Method", "METHOD_", false, "where credentials come from: OPT_METHOD", []Constant{
			{"METHOD_STS", int64(core.MethodSTS), "AssumeRole"},
			{"METHOD_CUSTOM", int64(core.MethodCustom), "a function of the user's"},
			{"METHOD_IOT", int64(core.MethodIoT), "the IoT credentials provider"},
		}},
		{"Stability", "STABILITY_", false, "when a required refresh fails: OPT_STABILITY", []Constant{
			{"STABILITY_STRICT", int64(core.Strict), "waiters get the error"},
			{"STABILITY_UNTIL_EXPIRY", int64(core.UntilExpiry), "waiters get the held set until it expires"},
			{"STABILITY_STATIC", int64(core.Static), "waiters get the held set, even past its expiry"},
		}},
		{"AdvisoryRefresh", "REFRESH_", false, "who runs an advisory refresh: OPT_ADVISORY_REFRESH", []Constant{
			{"REFRESH_BACKGROUND", int64(core.Background), "the host, in the background"},
			{"REFRESH_INLINE", int64(core.Inline), "the caller that started it"},
		}},
		{"Status", "STATUS_", false, "the fields of session_status", statuses},
		{"Share", "SHARE_", false, "what to do at the store", []Constant{
			{"SHARE_NONE", int64(core.ShareNone), "nothing"},
			{"SHARE_LOOK", int64(core.ShareLook), "read the record; report share_found"},
			{"SHARE_CAMPAIGN", int64(core.ShareCampaign), "try for a turn, or extend the one that this session has; report share_led"},
			{"SHARE_PUBLISH", int64(core.SharePublish), "write share_set, and end the turn; report share_done"},
			{"SHARE_RESIGN", int64(core.ShareResign), "end the turn, and leave a notice if there is one; report share_done"},
		}},
		{"Sharing", "SHARING_", false, "whether a session shares: OPT_SHARE", []Constant{
			{"SHARING_OFF", int64(core.Unshared), "it does not"},
			{"SHARING_ON", int64(core.Shared), "for economy: where the others are out of reach, a flight goes alone"},
			{"SHARING_EXCLUSIVE", int64(core.Exclusive), "for correctness: no flight without the turn"},
		}},
		{"ShareState", "STATE_", false, "what a session is to its group: STATUS_SHARE", []Constant{
			{"STATE_OFF", int64(core.SharingOff), "it does not share"},
			{"STATE_SOLO", int64(core.SharingSolo), "the store failed, and is left alone for a while"},
			{"STATE_IDLE", int64(core.SharingIdle), "no refresh is under way at the store"},
			{"STATE_FOLLOWING", int64(core.SharingFollowing), "it waits for another's refresh"},
			{"STATE_LEADING", int64(core.SharingLeading), "it has the turn"},
		}},
		{"StoreFailure", "STORE_", false, "why a call of the store failed", []Constant{
			{"STORE_UNREACHABLE", int64(core.StoreUnreachable), "an error, or no answer in time"},
			{"STORE_UNREADABLE", int64(core.StoreUnreadable), "an answer that is no record"},
		}},
	}
}

var statuses = []Constant{
	{"STATUS_PHASE", int64(core.StatusPhase), "PHASE_*"},
	{"STATUS_REMAINING_MS", int64(core.StatusRemaining), "the time left, at least 0; NEVER for a set without expiry"},
	{"STATUS_ADVISORY_MS", int64(core.StatusAdvisory), "the advisory window in force for the held set"},
	{"STATUS_MANDATORY_MS", int64(core.StatusMandatory), "the mandatory window in force for the held set"},
	{"STATUS_LIFETIME_MS", int64(core.StatusLifetime), "the held set's life when it was installed"},
	{"STATUS_DEGRADED", int64(core.StatusDegraded), "1: a required refresh failed since the set was installed"},
	{"STATUS_LAST_CODE", int64(core.StatusLastCode), "CODE_* of the last failure since the last success"},
	{"STATUS_LAST_CLASS", int64(core.StatusLastClass), "its CLASS_*"},
	{"STATUS_LAST_TICKET", int64(core.StatusLastTicket), "its ticket"},
	{"STATUS_HOLD_OFF_MS", int64(core.StatusHoldOff), "time until an attempt may start; 0: at once"},
	{"STATUS_SET", int64(core.StatusSet), "the ticket that brought the held set; 0: none"},
	{"STATUS_FLIGHT", int64(core.StatusFlight), "the flight under way; 0: none"},
	{"STATUS_EPOCH", int64(core.StatusEpoch), "leases of an older epoch are void"},
	{"STATUS_IS_REJECTED", int64(core.StatusIsRejected), "1: the held set was invalidated for all callers"},
	{"STATUS_NEXT_WAKE_MS", int64(core.StatusNextWake), "the same as a decision's next_wake_ms"},
	{"STATUS_IS_CLOSED", int64(core.StatusIsClosed), "1: closed"},
	{"STATUS_STARTS", int64(core.StatusStarts), "how many flights were started"},
	{"STATUS_INSTALLS", int64(core.StatusInstalls), "how many sets were installed"},
	{"STATUS_FAILURES", int64(core.StatusFailures), "how many attempts failed, time-outs included"},
	{"STATUS_TIME_OUTS", int64(core.StatusTimeOuts), "how many flights timed out"},
	{"STATUS_UNKNOWN_TICKETS", int64(core.StatusUnknownTickets), "how many answers were for unknown flights"},
	{"STATUS_LATE_ANSWERS", int64(core.StatusLateAnswers), "how many answers came after the time-out"},
	{"STATUS_NO_PROGRESS", int64(core.StatusNoProgress), "how many replies brought no progress"},
	{"STATUS_REJECTIONS", int64(core.StatusRejections), "how many sets were invalidated or reported"},
	{"STATUS_IS_REPORTED", int64(core.StatusIsReported), "1: a service refused the held set to one caller or more"},
	{"STATUS_SHARE", int64(core.StatusShare), "STATE_*"},
	{"STATUS_SHARE_TURN", int64(core.StatusShareTurn), "the highest number of a turn that was met"},
	{"STATUS_SHARE_ADOPTED", int64(core.StatusShareAdopted), "how many sets of other sessions were installed"},
	{"STATUS_SHARE_PUBLISHED", int64(core.StatusSharePublished), "how many sets the store took"},
	{"STATUS_SHARE_REFUSED", int64(core.StatusShareRefused), "how many sets the store refused, since it has a newer one"},
	{"STATUS_SHARE_CALLS", int64(core.StatusShareCalls), "how many calls of the store were asked for"},
	{"STATUS_SHARE_FAILURES", int64(core.StatusShareFailures), "how many of them failed"},
	{"STATUS_SHARE_ALONE", int64(core.StatusShareAlone), "how many flights went without a turn"},
}

// Choice is an option that users give as a string.
type Choice struct {
	Table string // the name of the map from strings to numbers
	Group string
}

// Choices are the options that users give as strings: the lower-case names of a
// group's constants.
var Choices = []Choice{
	{"POLICIES", "Policy"},
	{"METHODS", "Method"},
	{"STABILITIES", "Stability"},
	{"ADVISORY_REFRESHES", "AdvisoryRefresh"},
}

// options takes its texts from the rules that errors show to users.
func options() []Constant {
	names := [...]string{
		core.OptPolicy: "POLICY", core.OptMethod: "METHOD", core.OptAdvisoryTimeout: "ADVISORY_TIMEOUT",
		core.OptAdvisoryAuto: "ADVISORY_AUTO", core.OptMandatoryTimeout: "MANDATORY_TIMEOUT",
		core.OptStability: "STABILITY", core.OptAdvisoryRefresh: "ADVISORY_REFRESH",
		core.OptRefreshTimeout: "REFRESH_TIMEOUT", core.OptJitter: "JITTER", core.OptMaxStale: "MAX_STALE",
		core.OptDeferRefresh: "DEFER_REFRESH", core.OptAttended: "ATTENDED", core.OptMaxWait: "MAX_WAIT",
		core.OptShare: "SHARE", core.OptShareTurn: "SHARE_TURN", core.OptShareWait: "SHARE_WAIT",
		core.OptShareCall: "SHARE_CALL", core.OptSharePoll: "SHARE_POLL",
		core.OptShareFirstCall: "SHARE_FIRST_CALL",
	}
	var list []Constant
	for o := core.OptPolicy; o <= lastOption; o++ {
		list = append(list, Constant{"OPT_" + names[o], int64(o), core.OptionRule(o)})
	}
	return list
}
