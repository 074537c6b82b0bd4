// Package words holds what users read: the reasons of errors, the lines of the log and
// the names of status fields. They are written once: the tables for Python, TypeScript
// and docs/reference/abi.md are generated from here, and Go uses this package itself.
package words

import (
	"strings"

	"github.com/evercreds/evercreds/core"
)

// Language is how a language writes the names of parameters.
type Language int

// The languages.
const (
	Go Language = iota
	Python
	TypeScript
	Docs
	Command
)

// Here is how this program writes them. The command sets its own before anything else.
var Here = Go

// In replaces each parameter's name in braces by the name that the language has for it.
func In(l Language, text string) string {
	for name, as := range parameters {
		text = strings.ReplaceAll(text, "{"+name+"}", as[l])
	}
	return text
}

// parameters are the names of the parameters in texts, by language.
var parameters = map[string][5]string{
	"min_ttl":           {"MinTTL", "min_ttl", "minTtl", "min_ttl", "--min-ttl"},
	"refresh_timeout":   {"the refresh timeout", "refresh_timeout", "refreshTimeout", "refresh_timeout", "--refresh-timeout"},
	"advisory_timeout":  {"the advisory timeout", "advisory_timeout", "advisoryTimeout", "advisory_timeout", "--advisory-timeout"},
	"mandatory_timeout": {"the mandatory timeout", "mandatory_timeout", "mandatoryTimeout", "mandatory_timeout", "--mandatory-timeout"},
	"region":            {"Region in the aws.Config", "region_name in sts_client_kwargs", "region in stsClient", "the region in the settings of STS", "--region"},
	// boto3 reads no AWS_REGION, and the SDK for JavaScript no AWS_DEFAULT_REGION.
	"regionVariable": {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_REGION (in Python AWS_DEFAULT_REGION)", "AWS_REGION"},
	"profile":        {"config.WithSharedConfigProfile", "profile_name", "fromIni", "the program", "--profile"},
	"mfa":            {"MFA or MFACommand", "mfa_token_provider", "mfaTokenProvider", "the MFA provider", "--mfa-command, or who typed the code"},
	"share_wait":     {"the share wait", "share_wait", "shareWait", "share_wait", "the wait for another process"},
	"share_turn":     {"the share turn", "share_turn", "shareTurn", "share_turn", "the turn of another process"},
	"share_key":      {"the function of WithShareKeys", "share_key", "shareKey", "share_key", "the shared key"},
	"ca":             {"SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "the CAs that the SDK trusts", "SSL_CERT_FILE"},
}

// Reason is the text of a decision's error.
type Reason struct {
	Code core.Code
	Name string // the code's name to users
	Text string
	Do   string // what to do about it; "": what follows in the error says it
}

// Sentence is what the error begins with.
func (r Reason) Sentence() string {
	if r.Do == "" {
		return r.Text
	}
	return r.Text + ": " + r.Do
}

// Reasons has one entry for each code.
var Reasons = []Reason{
	{core.CodeSource, "source", "the source of the credentials failed", ""},
	{core.CodeTimedOut, "timed_out", "the source did not answer within {refresh_timeout}", "check the network; raise {refresh_timeout} if the source needs longer"},
	{core.CodeAbandoned, "abandoned", "the source died without an answer", "see the cause, such as a function of yours that panicked, exited or ended its thread"},
	{core.CodeMalformed, "malformed", "the source's reply could not be used", "correct what your function returns, or the endpoint that answers in AWS's place"},
	{core.CodeExpiredReply, "expired_reply", "the source returned credentials that had already expired", "set this machine's clock right, or correct a source that keeps old credentials"},
	{core.CodeStillRejected, "still_rejected", "the source returned rejected credentials again", "have it fetch new ones, and not take them from a cache"},
	{core.CodeNoProgress, "no_progress", "the source returned the expired credentials again", "have it fetch new ones, and not take them from a cache"},
	{core.CodeRejected, "rejected", "a service rejected the credentials, and there are no new ones yet", "wait; if new ones keep being rejected, check the clock, and whether the role's sessions were revoked"},
	{core.CodeMinTTL, "min_ttl", "the credentials expire before {min_ttl} has passed", "ask for less time, or have the source give credentials that live longer"},
	{core.CodeClosed, "closed", "the session is closed", "make a new session, or close this one later"},
	{core.CodeShareBusy, "share_busy", "another session has been fetching the credentials all the time", "see whether its process hangs; if it does not, raise {refresh_timeout}"},
	{core.CodeShareLock, "share_lock", "the store for shared credentials cannot be locked", "check the permissions of its directory, and that its file system knows locks"},
}

// Reentrant is the error of a caller that is part of an attempt of the same session.
// Hosts detect it themselves, so it has no code of core's.
var Reentrant = Reason{
	Name: "reentrant", Text: "a source must not ask its own session for credentials",
	Do: "give the source's clients other credentials than the session's",
}

// OfAttempts are the codes of errors that tell what an attempt did. The others are about
// a caller or the session.
var OfAttempts = []core.Code{
	core.CodeSource, core.CodeTimedOut, core.CodeAbandoned, core.CodeMalformed,
	core.CodeExpiredReply, core.CodeStillRejected, core.CodeNoProgress,
}

// ReasonOf finds the reason of a code; ok is false for an unknown code.
func ReasonOf(code core.Code) (reason Reason, ok bool) {
	for _, r := range Reasons {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}

// Level is the level of a log line.
type Level string

// The levels.
const (
	Debug   Level = "debug"
	Info    Level = "info"
	Warning Level = "warning"
)

// Line is the log line of a decision's note.
type Line struct {
	Note  core.Note
	Level Level
	Text  string
}

// Lines has one entry for each note. Hosts log the notes of one decision in this order,
// which is the order in which things happen within one event.
var Lines = []Line{
	{core.NoteRejected, Warning, "the credentials were invalidated for all callers; the next caller waits for new ones"},
	{core.NoteReported, Warning, "a service rejected the credentials of one caller; the other callers keep using them"},
	{core.NoteSpaced, Warning, "new credentials keep being rejected; the next refresh is delayed; check the clock and the account"},
	{core.NoteInvalidateIgnored, Debug, "ignored an invalidate of credentials that are not held"},
	{core.NoteStoreFailed, Warning, "refreshes are not shared for a while"},
	{core.NoteStoreBack, Info, "refreshes are shared again"},
	{core.NoteLed, Debug, "this session refreshes the shared credentials"},
	{core.NoteTookOver, Warning, "the session that refreshed the shared credentials has not finished; this one takes over"},
	{core.NoteFollowed, Debug, "another session refreshes the shared credentials"},
	{core.NoteHeldByNotice, Info, "another session could not refresh the shared credentials; a refresh that nobody waits for is delayed"},
	{core.NoteAlone, Debug, "a refresh goes ahead without the other sessions"},
	{core.NoteWrittenOff, Warning, "a timed-out refresh never ended, and is considered lost"},
	{core.NoteTimedOut, Warning, "a refresh did not end within {refresh_timeout}"},
	{core.NoteFailed, Warning, "a refresh failed, and callers waited for it"},
	{core.NoteFailedQuietly, Warning, "a refresh failed, and no caller waited for it"},
	{core.NoteDegraded, Warning, "a required refresh failed; the held credentials stay in use"},
	{core.NoteLateIgnored, Info, "ignored a late answer of a timed-out refresh"},
	{core.NoteUnknownTicket, Debug, "ignored an answer for an unknown refresh"},
	{core.NoteNoProgress, Info, "the source returned credentials that expire no later than those held"},
	{core.NoteReanchored, Info, "the held credentials last longer, by the server's clock"},
	{core.NoteInstalled, Info, "new credentials"},
	{core.NoteAdopted, Info, "the new credentials were fetched by another session"},
	{core.NoteLateInstalled, Info, "the new credentials came from a timed-out refresh"},
	{core.NoteWindowsShrunk, Warning, "{advisory_timeout} and {mandatory_timeout} are too long for the credentials' lifetime; shorter ones are in force"},
	{core.NotePublished, Debug, "the new credentials are in the store"},
	{core.NotePublishRefused, Debug, "the store has newer credentials"},
}
