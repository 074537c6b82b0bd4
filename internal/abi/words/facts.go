package words

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evercreds/evercreds/core"
)

// Fact is what events, records of the log and a status tell under the same name. In a
// status, "last_" stands before what is of the last refresh.
type Fact struct {
	Name   string
	InLast bool
	Unit   Unit
	Text   string
}

// More units.
const (
	Plain   Unit = "text"    // "" or its like: there is none
	Instant Unit = "instant" // by the local wall clock
)

// Facts tell one session from the other, and one failure from the other.
var Facts = []Fact{
	{"session_name", false, Plain, "the session's name: RoleSessionName, or the thing's name at AWS IoT"},
	{"role", false, Plain, "the role's ARN, the role alias at AWS IoT, or the name of the function that gets credentials"},
	{"cause", true, Name, "why the refresh began"},
	{"error_code", true, Name, "why it failed, by the names of errors"},
	{"error_class", true, Name, "whether the cause can pass by itself"},
	{"aws_error_code", true, Plain, "the service's own error code, such as AccessDenied; where no service answered, our word for what is wrong, such as network"},
	{"expiry", false, Instant, "when the held credentials expire"},
	{"next_attempt", false, Instant, "when the next attempt may start, where that is not at once"},
}

// ShareStep is what sharing has come to, as events and records of the log tell it.
type ShareStep struct {
	Note core.Note // 0: the host tells it by itself
	Name string
	Text string
}

// ShareSteps are in the order in which one decision's are told.
var ShareSteps = []ShareStep{
	{core.NoteStoreFailed, "store_failed", "refreshes are not shared for a while; its reason is in the next table"},
	{core.NoteStoreBack, "store_back", "they are shared again"},
	{core.NoteTookOver, "took_over", "the session that had the turn has not finished; this one goes on in its place"},
	{core.NoteLed, "led", "this session has the turn, and refreshes"},
	{core.NoteFollowed, "followed", "another session has the turn, and this one waits for its credentials"},
	{core.NoteHeldByNotice, "held_off", "another session could not refresh; a refresh that nobody waits for is delayed"},
	{core.NoteAlone, "alone", "this session refreshes without a turn"},
	{core.NoteAdopted, "adopted", "the new credentials were fetched by another session"},
	{core.NotePublished, "published", "the store took the new credentials"},
	{core.NotePublishRefused, "refused", "the store has newer ones"},
	{0, Unopened, "an entry of the store cannot be opened, and counts for nothing; told once for each"},
	{0, NobodyMet, "ten refreshes in a row have met no other session"},
}

// StoreTrouble is why refreshes are not shared for a while. Hosts tell it with the step
// store_failed; the machine knows only that a call failed.
type StoreTrouble struct{ Name, Text string }

// The names of what hosts tell apart.
const (
	TroubleTimeout   = "timeout" // also where the machine gives a call up by itself
	TroubleStore     = "store"
	TroubleRecord    = "record"
	TroubleKey       = "key"
	TroublePrincipal = "principal"
)

// StoreTroubles are all there are.
var StoreTroubles = []StoreTrouble{
	{TroubleTimeout, "there was no answer in time"},
	{TroubleStore, "a call of the store failed"},
	{TroubleRecord, "what the store has cannot be read here: it is no record, or has another key"},
	{TroubleKey, "{share_key} failed or returned no keys, or the directory has lost its own"},
	{TroublePrincipal, "it could not be found out who calls AWS"},
}

// StoreTroubleText is what the log says of one.
func StoreTroubleText(l Language, name string) string {
	for _, t := range StoreTroubles {
		if t.Name == name {
			return In(l, t.Text)
		}
	}
	return ""
}

// Steps that hosts tell by themselves: no decision brings them.
const (
	Unopened  = "unopened"
	NobodyMet = "nobody_met"
)

// The bounds of a session's first look, in milliseconds: share_first_call, where share_call
// is not longer.
const (
	FirstLook = 1000 // a client connects, and code is loaded
	AskedLook = 5000 // and AWS is asked whose the base credentials are
)

// NobodyMetAfter is after how many refreshes in a row that met nobody NobodyMet is told.
const NobodyMetAfter = 10

// InStatus is its name in a status.
func (f Fact) InStatus() string {
	if f.InLast {
		return "last_" + f.Name
	}
	return f.Name
}

// EventKind is a kind of events.
type EventKind struct{ Name, Text string }

// Events are the kinds of events.
var Events = []EventKind{
	{"start", "a refresh began"},
	{"refresh", "new credentials are held"},
	{"failure", "a refresh failed"},
	{"rejection", "the credentials were rejected, for one caller or for all"},
	{"degraded", "callers waited for a refresh that failed, and keep the held credentials"},
	{"warning", "something that is no error, and worth to know"},
	{"share", "what sharing with other processes has come to"},
	{"close", "the session was closed; the last event"},
}

// CodeShape is what an error code of a service looks like: a few words, each of capitals
// and small letters, as AccessDenied or InvalidAMIID.NotFound. Nothing else is shown in
// its place: a service, or a function of the user's, may put anything there, even a
// secret. No access key has small letters, and no secret key or token consists of words.
const CodeShape = `^(?:[A-Z]{1,6}(?:[0-9]{1,2}[A-Z])?(?:[a-z]{1,15}\.?|\.)){1,8}$`

var codeShape = regexp.MustCompile(CodeShape)

// NameShape is what a name of a session or a role looks like that can stand in a line of a
// log: a letter of any script that is written from the left, or what is printed of ASCII.
// What breaks or turns a line, or cannot be seen, is in no such name.
const NameShape = `^[ -~\u00a1-\u00ac\u00ae-\u058f\u0900-\u167f\u1681-\u180a\u1810-\u1fff\u2c00-\u2fff\u3001-\ud7ff\uf900-\ufb1c]+$`

// LongestName is in characters: that of a role's ARN.
const LongestName = 2048

// Go writes a character by its number in another way than the others.
var nameShape = regexp.MustCompile(regexp.MustCompile(`\\u(....)`).ReplaceAllString(NameShape, `\x{$1}`))

// ShownName is the name of a session or a role if it can stand in a line, or "".
func ShownName(name string) string {
	if utf8.RuneCountInString(name) <= LongestName && nameShape.MatchString(name) {
		return name
	}
	return ""
}

// NoCodes are what SDKs put in place of an error code that a reply does not have.
var NoCodes = []string{"UnknownError", "Unknown", "UnknownException"}

// ShownCode is a service's error code if it can be shown, or "".
func ShownCode(code string) string {
	if !slices.Contains(NoCodes, code) && codeShape.MatchString(code) {
		return code
	}
	return ""
}

// doing says what an attempt does, by method.
var doing = map[core.Method]string{
	core.MethodSTS:    "assuming the role {role}",
	core.MethodIoT:    "asking for the role alias {role}",
	core.MethodCustom: "calling {role}",
}

// services are whose error codes a method tells.
var services = map[core.Method]string{
	core.MethodSTS:    "STS",
	core.MethodIoT:    "AWS IoT",
	core.MethodCustom: "the service",
}

// Own is by whose word an error is that no service has told.
const Own = "evercreds"

// Doing says what an attempt does, with {role} for the name of the role.
func Doing(m core.Method) string {
	if text, ok := doing[m]; ok {
		return text
	}
	return doing[core.MethodCustom]
}

// Service is whose error codes a method tells.
func Service(m core.Method) string {
	if name, ok := services[m]; ok {
		return name
	}
	return services[core.MethodCustom]
}

// Said is what is known of a failed attempt.
type Said struct {
	Code    string   // what users see as the AWS error code
	ByAWS   bool     // a service has told it
	Trouble *Trouble // nil: it is not known
}

// TimedOut is what is said of an attempt that did not end in time.
var TimedOut = Said{Code: "timeout"}

// First is the first sentence of an error: what is wrong and what to do, by whose word,
// and what the attempt was about.
func First(l Language, m core.Method, code core.Code, reason, role string, said Said) string {
	if !slices.Contains(OfAttempts, code) {
		return In(l, reason)
	}
	if said.Trouble != nil {
		reason = said.Trouble.Sentence()
	}
	var facts []string
	switch {
	case said.Code != "" && said.ByAWS:
		facts = append(facts, Service(m)+": "+said.Code)
	case said.Code != "":
		facts = append(facts, Own+": "+said.Code)
	}
	if role != "" {
		facts = append(facts, strings.ReplaceAll(Doing(m), "{role}", role))
	}
	text := In(l, reason)
	if len(facts) > 0 {
		text += " (" + strings.Join(facts, "; ") + ")"
	}
	return text
}
