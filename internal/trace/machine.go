// Package trace replays scenarios, the text language of docs/reference/conformance.md, on
// any machine that speaks the core's events.
package trace

import "github.com/evercreds/evercreds/core"

// Machine is a host of the core as a scenario drives it: one session
// and the rules. Refusals are *core.OptionError or a Refusal.
type Machine interface {
	// Open makes a new session the current one.
	Open(options []Option, now core.Now, seed uint64) (core.Decision, error)
	// Restore makes a session of a snapshot the current one.
	Restore(snapshot []byte, now core.Now, seed uint64) (core.Decision, error)
	Snapshot() ([]byte, error)
	Status(field core.Field, now core.Now) int64

	Ask(now core.Now, need core.Need) core.Decision
	Answer(ticket int64, now core.Now, need core.Need, forced bool) core.Decision
	Leave(now core.Now, need core.Need) core.Decision
	Complete(ticket int64, now core.Now, facts core.Facts) core.Decision
	Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) core.Decision
	Abandon(ticket int64, now core.Now) core.Decision
	Prompted(ticket int64, now core.Now) core.Decision
	Invalidate(fingerprint uint64, now core.Now) core.Decision
	Force(now core.Now) core.Decision
	Wake(now core.Now) core.Decision
	Close() core.Decision

	ShareFound(call int64, now core.Now, found core.Found) core.Decision
	ShareLed(call int64, now core.Now, number int64, won bool, left int64) core.Decision
	ShareDone(call int64, now core.Now, stored bool) core.Decision
	ShareFailed(call int64, now core.Now, reason core.StoreFailure) core.Decision
	ShareHint(now core.Now) core.Decision

	RuleExpiry(text string) (int64, error)
	RuleClass(method core.Method, status int32, code string) core.Class
	RuleIoTEndpoint(text string) (string, error)
	RuleMFACode(text string) (int32, error)
	RuleDuration(seconds float64, chained bool) error
	RuleRetryAfter(text string, inMilliseconds bool, wall int64) int64
	RuleEvidence(isHead bool, status int32, code string) core.Evidence
}

// Refusing is a machine that refuses by itself what the ABI refuses.
type Refusing interface {
	// Refused gives what the last event, or a rule, was refused for.
	Refused() error
}

// Option is one setting of open, in the order of the line.
type Option struct {
	Option core.Option
	Value  float64
}

// Refusal is the name of an error code in lower case, without its prefix.
type Refusal string

func (r Refusal) Error() string { return string(r) }
