package abi

// Type is how a parameter or result crosses the line.
type Type int

// The types. "C" is the C shared library, "wasm" the WASI module.
const (
	// I32 is int32_t in C and i32 in wasm.
	I32 Type = iota
	// F64 is double in C and f64 in wasm.
	F64
	// Instant is int64_t in C and f64 in wasm: milliseconds, or a ticket. Every
	// such number stays below 2^53, so that a double holds it exactly.
	Instant
	// Hash is uint64_t in C and two i32 (low half, high half) in wasm.
	Hash
	// Bytes is (const uint8_t *, int32_t length) in C, and in wasm the length
	// of what the host wrote into the module's buffer.
	Bytes
	// Buffer is (uint8_t *, int32_t length, int32_t capacity) in C, and in wasm
	// the length; the function reads length bytes and writes up to capacity.
	Buffer
	// Out is evercreds_decision * in C; in wasm it is no parameter: the
	// decision is written to the slots at evercreds_decision_address().
	Out
	// Nothing is void: the result of a host function.
	Nothing
)

// Param is one parameter of a function.
type Param struct {
	Name string
	Type Type
	Doc  string
}

// Func is one export. Every result is a number: below zero it is a Code.
type Func struct {
	Name   string // without the prefix evercreds_
	Params []Param
	Result Type // I32 or Instant
	Doc    string
	Since  string // the ABI version that introduced it
}

// Version of the ABI. A binding refuses an unknown major; minors only add.
const (
	Major = 2
	Minor = 0
)

// The bits of evercreds_abi_features.
const (
	featureSessions = 1 << iota
	featureRules
	featureHostCalls
	featurePanicTest
	featureShare
)

// Features are the bits of evercreds_abi_features.
var Features = []Constant{
	{"FEATURE_SESSIONS", featureSessions, "the refresh machine"},
	{"FEATURE_RULES", featureRules, "the shared rules"},
	{"FEATURE_HOST_CALLS", featureHostCalls, "refresh_begin and refresh_cancel are called"},
	{"FEATURE_PANIC_TEST", featurePanicTest, "a build that panics on purpose; never released"},
	{"FEATURE_SHARE", featureShare, "sharing: the share_ exports and OPT_SHARE"},
}

// Constant is a number with a name.
type Constant struct {
	Name  string
	Value int64
	Doc   string
}

var (
	handle   = Param{"session", I32, "the session's handle"}
	ticket   = Param{"ticket", Instant, "the flight"}
	wall     = Param{"wall_ms", Instant, "now, milliseconds since the Unix epoch"}
	elap     = Param{"elapsed_ms", Instant, "now, milliseconds on the elapsed clock"}
	other    = Param{"other", Hash, "the fingerprint of a set that a service refused to this caller, which needs another; counts only with evidence"}
	evidence = Param{"evidence", I32, "EVIDENCE_*: how surely the service's error speaks against that set"}
	until    = Param{"until_ms", Instant, "until when the caller waits for an attempt to begin, on the elapsed clock; 0: not at all, NEVER: as long as the session's max_wait allows; later calls of the same caller pass on a decision's until_ms"}
	minTTL   = Param{"min_ttl_ms", Instant, "the time that must be left, in milliseconds, at most MIN_TTL_MAX_MS; 0: any"}
	seed     = Param{"seed", Hash, "for the session's PRNG; a fresh random number for each open and restore"}
	out      = Param{"out", Out, "receives the decision"}
	call     = Param{"call", Instant, "share_call of the decision that asked for it"}
)

// Functions are the exports, in the order of the header. Append only.
var Functions = []Func{
	{"abi_version", nil, I32, "the ABI version: major * 65536 + minor", "1.0"},
	{"abi_features", nil, I32, "the bits FEATURE_*", "1.0"},

	{"session_new", nil, I32, "a handle for a session that takes options and is then opened", "1.0"},
	{"session_option", []Param{handle, {"option", I32, "OPT_*"}, {"value", F64, "the value; choices and booleans by number"}}, I32,
		"sets an option before session_open; 0, or ERR_OPTION_VALUE minus the option", "1.0"},
	{"session_open", []Param{handle, wall, elap, seed, out}, I32,
		"starts the machine; an eager session starts its first flight; 0, or ERR_OPTION_VALUE minus the option that does not fit the others", "1.0"},
	{"session_restore", []Param{{"snapshot", Bytes, "what session_snapshot gave"}, wall, elap, seed, out}, I32,
		"a handle for a session that continues from the snapshot, without its flight and waiters", "1.0"},
	{"session_snapshot", []Param{handle, {"snapshot", Buffer, "receives the snapshot; SNAPSHOT_BYTES are enough"}}, I32,
		"the length of the snapshot", "1.0"},
	{"session_close", []Param{handle, out}, I32, "answers all waiters with CODE_CLOSED, and so every later event; status and snapshot still work", "1.0"},
	{"session_free", []Param{handle}, I32, "frees the handle; closes the session first, and tells nobody", "1.0"},
	{"session_status", []Param{handle, wall, elap, {"field", I32, "STATUS_*"}}, Instant,
		"one number of the session's state, as of now; changes nothing; STATUS numbers are never negative", "1.0"},

	{"ask", []Param{handle, wall, elap, minTTL, other, evidence, until, out}, I32, "says what a caller without a valid lease, or with a need of its own, is to do", "2.0"},
	{"answer", []Param{handle, ticket, wall, elap, minTTL, other, evidence, until, {"forced", I32, "1 for the caller of force, else 0"}, out}, I32,
		"the outcome for one waiter of a flight, with its need as in ask: KIND_SERVE, KIND_ERROR, or KIND_WAIT", "2.0"},
	{"leave", []Param{handle, wall, elap, minTTL, other, evidence, out}, I32,
		"a caller stops waiting: KIND_SERVE if the held set is good for it as it is, else KIND_NONE; not for the caller of force", "2.0"},
	{"complete", []Param{handle, ticket, wall, elap,
		{"expiry_ms", Instant, "the set's expiry, milliseconds since the Unix epoch as the source counts; NEVER: it has none (not for sts and iot)"},
		{"fingerprint", Hash, "first 8 bytes, big endian, of SHA-256 over access key, a zero byte, session token"},
		{"duration_ms", Instant, "the lifetime that was requested; 0: not known"},
		{"server_time_ms", Instant, "the latest instant that the reply's Date can mean (its second plus 999); 0: none"}, out}, I32,
		"the flight brought a set", "1.0"},
	{"fail", []Param{handle, ticket, wall, elap, {"error_class", I32, "CLASS_*"},
		{"reason", I32, "CODE_SOURCE, or CODE_MALFORMED for a reply that could not be read"},
		{"retry_after_ms", Instant, "the pause that the source asked for; 0: none"}, out}, I32, "the flight failed", "1.0"},
	{"abandon", []Param{handle, ticket, wall, elap, out}, I32, "the host's attempt ended without an answer", "1.0"},
	{"prompted", []Param{handle, ticket, wall, elap, out}, I32,
		"the person has answered; the flight's time-out starts now", "1.0"},
	{"invalidate", []Param{handle, {"fingerprint", Hash, "of the set to give up"}, wall, elap, out}, I32,
		"the user gives a set up for all callers; ignored unless it is the one held", "1.0"},
	{"force", []Param{handle, wall, elap, out}, I32, "starts a flight now, for the user, or joins the one under way; then call answer with forced = 1", "1.0"},
	{"wake", []Param{handle, wall, elap, out}, I32, "does what is due now", "1.0"},

	{"share_found", []Param{handle, call, wall, elap,
		{"expiry_ms", Instant, "of the entry's set, as its source wrote it; NEVER: it has none; 0: there is no entry"},
		{"fingerprint", Hash, "of the entry's set"},
		{"life_ms", Instant, "its whole lifetime"},
		{"left_ms", Instant, "its end on the store's clock minus that clock; NEVER: the store has none"},
		{"generation", Instant, "the entry's"},
		{"replaces", Hash, "the fingerprint of the refused set in whose place it was fetched; 0: none"},
		{"turn", Instant, "the record's highest number of a turn"},
		{"turn_left_ms", Instant, "what is left of another's turn; 0: none runs, or it is this session's"},
		{"notice", Instant, "the last leader's failure: its CLASS_* plus 16 times the failures in a row, also where its time is over; 0: none"},
		{"notice_left_ms", Instant, "for so long the notice holds others off"}, out}, I32,
		"a look has found this. The host keeps the opened set under the call's number first", "2.0"},
	{"share_led", []Param{handle, call, wall, elap, {"number", Instant, "the record's number of a turn"}, {"won", I32, "1: this session has the turn, else 0"},
		{"turn_left_ms", Instant, "lost: what is left of another's turn, NEVER: nobody can tell; 0: none runs, look again"}, out}, I32, "a campaign is over", "2.0"},
	{"share_done", []Param{handle, call, wall, elap, {"stored", I32, "publish: 1 stored, 0 refused; resign: 1"}, out}, I32, "a publication or a resignation is over", "2.0"},
	{"share_failed", []Param{handle, call, wall, elap, {"failure", I32, "STORE_*; an entry that cannot be opened is no failure"}, out}, I32, "a call of the store failed", "2.0"},
	{"share_hint", []Param{handle, wall, elap, out}, I32, "something has changed at the store, or may have; nothing depends on it", "2.0"},

	{"rule_expiry", []Param{{"text", Bytes, "an expiry as the source wrote it"}}, Instant, "milliseconds since the Unix epoch, or ERR_EXPIRY_*", "1.0"},
	{"rule_error_class", []Param{{"method", I32, "METHOD_*"}, {"http_status", I32, "up to 999; 0: none"}, {"code", Bytes, "the service's error code"}}, I32, "CLASS_*", "1.0"},
	{"rule_iot_endpoint", []Param{{"endpoint", Buffer, "the endpoint; receives the credentials endpoint (a data endpoint is rewritten)"}}, I32,
		"the length of the endpoint to use, or ERR_IOT_ENDPOINT", "1.0"},
	{"rule_mfa_code", []Param{{"text", Bytes, "what a command printed"}}, I32, "the offset of the last six-digit code, or ERR_MFA_CODE", "1.0"},
	{"rule_duration", []Param{{"duration_seconds", F64, "the requested lifetime"}, {"chained", I32, "1: with credentials of another role"}}, I32, "0 or ERR_DURATION*", "1.0"},
	{"rule_retry_after", []Param{{"wall_ms", Instant, "when the reply came, milliseconds since the Unix epoch: its own Date, or now"},
		{"in_milliseconds", I32, "1: the text of x-amz-retry-after, 0: of Retry-After"}, {"text", Bytes, "the header's value"}}, Instant,
		"the pause that the service asks for, in milliseconds, at most an hour; 0: none that can be read", "1.0"},
	{"rule_evidence", []Param{{"is_head", I32, "1: the request was a HEAD, whose reply has no body and so no code; else 0"}, {"http_status", I32, "up to 999; 0: not known"},
		{"code", Bytes, "the error code of a service that was called with a set, as the SDK names it"}}, I32, "EVIDENCE_*", "1.0"},
}

// HostFunctions are called by the library: imports of the wasm module
// evercreds_host_v1, optional function pointers in C (evercreds_set_host). A
// host function returns at once, and may call any export, also to complete the
// ticket, before it does.
var HostFunctions = []Func{
	{"refresh_begin", []Param{handle, ticket, {"method", I32, "METHOD_*"}, {"cause", I32, "CAUSE_*"}}, Nothing,
		"run this flight", "1.0"},
	{"refresh_cancel", []Param{handle, ticket}, Nothing, "the flight timed out, or its session was closed; end it if possible", "1.0"},
}

// Wiped is the export after which the wasm module's buffer is zeroed: what the
// host wrote there holds a one-time code.
const Wiped = "rule_mfa_code"

// WasmFunctions are exports of the wasm module alone: where its static memory
// is. The addresses never change.
var WasmFunctions = []Func{
	{"buffer_address", nil, I32, "the address of the buffer for calls that take or give bytes", "1.0"},
	{"buffer_capacity", nil, I32, "its size: BUFFER_BYTES", "1.0"},
	{"decision_address", nil, I32, "the address of the slots of the last decision, each an f64", "1.0"},
}

// HostModule is the name under which the wasm module imports HostFunctions.
const HostModule = "evercreds_host_v1"

// StructSlots is how many slots the C struct of a decision has room for, so that
// a host that was compiled for an older minor version is not written over.
const StructSlots = 48

// Slots are the fields of a decision, each 8 bytes: int64_t in C, f64 in wasm.
// Append only, and at most StructSlots.
var Slots = [...]Slot{
	{"kind", "KIND_*", "Kind"},
	{"flags", "bits FLAG_*", "Flags"},
	{"code", "CODE_*: the reason of an error", "Code"},
	{"error_class", "CLASS_* of an error", "Class"},
	{"ticket", "the flight to run or to wait for", "Ticket"},
	{"set", "the set to serve, by the ticket that brought it", "Set"},
	{"lease_elapsed_ms", "the lease's end on the elapsed clock", "LeaseElapsed"},
	{"lease_wall_ms", "the lease's end on the wall clock", "LeaseWall"},
	{"expiry_ms", "the served set's expiry on the local wall clock, or NEVER", "Expiry"},
	{"deadline_ms", "the flight's deadline on the elapsed clock (KIND_WAIT without a ticket: when to ask again), or NEVER", "Deadline"},
	{"retry_at_ms", "an error: no attempt starts before this instant of the elapsed clock", "RetryAt"},
	{"error_ticket", "an error: the attempt that failed, or 0", "ErrorTicket"},
	{"epoch", "leases of an older epoch are void", "Epoch"},
	{"started", "run this flight; 0: none", "Started"},
	{"start_cause", "CAUSE_*", "StartCause"},
	{"start_deadline_ms", "its deadline on the elapsed clock", "StartDeadline"},
	{"settled", "wake the waiters of this flight; 0: none", "Settled"},
	{"cancelled", "this flight is cancelled; 0: none", "Cancelled"},
	{"next_wake_ms", "call wake at this instant of the elapsed clock, or NEVER", "NextWake"},
	{"phase", "PHASE_* after the event", "Phase"},
	{"notes", "bits NOTE_*", "Notes"},
	{"until_ms", "KIND_REFRESH, KIND_REFRESH_INLINE, KIND_WAIT: what this caller's next call passes on; 0: none was given", "Until"},
	{"held", "the set that is held after the event, by its ticket; 0: none. The host keeps no other", "Held"},
	{"is_void", "1: drop the lease, and wake those who wait without a flight; else 0", "Void"},
	{"share", "SHARE_*: make this call of the store, and report it once", "Share"},
	{"share_call", "its number, which the report names; 0: none", "ShareCall"},
	{"share_until_ms", "it counts as failed from this instant of the elapsed clock on, or NEVER", "ShareUntil"},
	{"share_number", "SHARE_CAMPAIGN: the highest number seen; SHARE_PUBLISH: the generation; SHARE_RESIGN: the turn's number. The last two end this session's turn unless it has a higher number", "ShareNumber"},
	{"share_set", "SHARE_PUBLISH: the set, by its ticket", "ShareSet"},
	{"share_span_ms", "SHARE_CAMPAIGN: the turn's length; SHARE_PUBLISH: the time that the set has left, or NEVER; SHARE_RESIGN: the notice's length", "ShareSpan"},
	{"share_notice", "SHARE_RESIGN: the notice to leave, CLASS_* plus 16 times the failures in a row; 0: none", "ShareNotice"},
	{"replaces_high", "SHARE_PUBLISH: the fingerprint of the refused set in whose place this one is, its high 32 bits; both 0: none", "ReplacesHigh"},
	{"replaces_low", "and its low 32 bits", "ReplacesLow"},
}

// Slot is one field of a decision.
type Slot struct {
	Name  string
	Doc   string
	Field string // of core.Decision; the shims copy it
}
