// Package words holds what users read: why there are no credentials, what is logged,
// and what a status is called. It is written once; the tables for Python, TypeScript
// and docs/ABI.md are generated from it, and Go reads it as it is.
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
)

// In puts a parameter's name, which stands in braces in a text, as the language has it.
func In(l Language, text string) string {
	for name, as := range parameters {
		text = strings.ReplaceAll(text, "{"+name+"}", as[l])
	}
	return text
}

// parameters are the names of the parameters in texts, by language.
var parameters = map[string][4]string{
	"min_ttl":           {"MinTTL", "min_ttl", "minTtl", "min_ttl"},
	"refresh_timeout":   {"the refresh timeout", "refresh_timeout", "refreshTimeout", "refresh_timeout"},
	"advisory_timeout":  {"the advisory timeout", "advisory_timeout", "advisoryTimeout", "advisory_timeout"},
	"mandatory_timeout": {"the mandatory timeout", "mandatory_timeout", "mandatoryTimeout", "mandatory_timeout"},
}

// Reentrant is the error of a caller who is part of an attempt of that very session's,
// which hosts notice by themselves. Its name to users is "reentrant".
const Reentrant = "a source must not ask its own session for credentials"

// Reason is what the error of a decision says.
type Reason struct {
	Code core.Code
	Name string // of the code, to users
	Text string
}

// Reasons are those of all codes.
var Reasons = []Reason{
	{core.CodeSource, "source", "the source of the credentials failed"},
	{core.CodeTimedOut, "timed_out", "the source did not answer within {refresh_timeout}"},
	{core.CodeAbandoned, "abandoned", "the source died without an answer"},
	{core.CodeMalformed, "malformed", "the source's reply could not be used"},
	{core.CodeExpiredReply, "expired_reply", "the source brought credentials that had expired already"},
	{core.CodeStillRejected, "still_rejected", "the source brought credentials again that had been rejected"},
	{core.CodeNoProgress, "no_progress", "the source brought the expired credentials again"},
	{core.CodeRejected, "rejected", "the credentials were rejected, and there are no others yet; if new ones keep being rejected, check the clock and the account"},
	{core.CodeMinTTL, "min_ttl", "the credentials have less time left than {min_ttl} asks for"},
	{core.CodeClosed, "closed", "the session is closed"},
}

// ReasonOf finds the reason of a code; ok is false for one that is not known.
func ReasonOf(code core.Code) (reason Reason, ok bool) {
	for _, r := range Reasons {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}

// Level is how much a line of the log matters.
type Level string

// The levels.
const (
	Debug   Level = "debug"
	Info    Level = "info"
	Warning Level = "warning"
)

// Line is what is logged where a decision has a note.
type Line struct {
	Note  core.Note
	Level Level
	Text  string
}

// Lines are those of all notes. Where a decision has several, they are logged in this
// order: that in which things happen within one event.
var Lines = []Line{
	{core.NoteRejected, Warning, "the credentials were given up for all callers; the next one waits for others"},
	{core.NoteReported, Warning, "a service rejected the credentials for one caller; the others are served on"},
	{core.NoteSpaced, Warning, "new credentials keep being rejected; the next refresh is put off; check the clock and the account"},
	{core.NoteInvalidateIgnored, Debug, "credentials that are not held were given up"},
	{core.NoteWrittenOff, Warning, "a refresh that had timed out never ended, and is given up for lost"},
	{core.NoteTimedOut, Warning, "a refresh did not end within {refresh_timeout}"},
	{core.NoteFailed, Warning, "a refresh failed that callers waited for"},
	{core.NoteFailedQuietly, Warning, "a refresh failed that no caller waited for"},
	{core.NoteDegraded, Warning, "a required refresh failed; the credentials held are served on"},
	{core.NoteLateIgnored, Info, "an answer came after its refresh had timed out, and was of no use"},
	{core.NoteUnknownTicket, Debug, "an answer came for no refresh that is known"},
	{core.NoteNoProgress, Info, "the source brought credentials that expire no later than those held"},
	{core.NoteReanchored, Info, "the credentials held last longer, by the server's clock"},
	{core.NoteInstalled, Info, "new credentials"},
	{core.NoteLateInstalled, Info, "they came from a refresh that had timed out"},
	{core.NoteWindowsShrunk, Warning, "{advisory_timeout} and {mandatory_timeout} are too long for the credentials' lifetime; shorter ones are in force"},
}
