// Package problem has the one table of what can go wrong in the command: a word, an exit
// code, and what to do. docs/guides/command.md shows the same table; a test compares them.
package problem

import (
	"context"
	"errors"
	"fmt"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/abi/words"
)

func init() { words.Here = words.Command }

// Sentences are what the library's errors begin with, in the words of this command.
func Sentences() []string {
	var all []string
	for _, r := range words.Reasons {
		all = append(all, words.In(words.Here, r.Sentence()))
	}
	for _, t := range words.Troubles {
		all = append(all, words.In(words.Here, t.Sentence()))
	}
	return all
}

// Kind is a row of the table.
type Kind struct {
	Word string // begins the line on standard error
	Exit int    // the exit code
	When string // what has happened
	Do   string // what to do
}

// The table. The codes below 64 are the command's own; "run" and "cache" use 125 to 127 as
// env, nohup and Docker do, since all others may be their command's.
var (
	Other       = Kind{"error", 1, "something else failed; the text says what", "Report it, if the text does not help."}
	Usage       = Kind{"usage", 2, "a flag or an argument is wrong", "Run the command with `--help`."}
	Config      = Kind{"config", 3, "the configuration file, a profile or a parameter of a role is wrong", "Mend what the text names; `evercreds schema` prints what a file may have."}
	NoBase      = Kind{"no-base", 4, "there are no base credentials, or they are long-term keys and no role is named", "Log in, or name a role; `evercreds doctor` looks for the cause."}
	Refused     = Kind{"refused", 5, "AWS, or the command of a role, refused for good, as with `AccessDenied`", "Mend the permission, the role's trust policy or the base credentials."}
	Unavailable = Kind{"unavailable", 6, "there are no credentials now, and later there may be", "Try again later."}
	MFA         = Kind{"mfa", 7, "a one-time code is needed, and nobody can be asked", "Run it on a terminal, give `--mfa-command`, or run `evercreds mfa ROLE` (`--code CODE` without a terminal) for a server."}
	MinTTL      = Kind{"min-ttl", 8, "new credentials expire before `--min-ttl` has passed", "Ask for less, or for a longer `--duration-seconds`."}
	Recursion   = Kind{"recursion", 9, "evercreds was started to fetch what it needs itself: a `credential_process` names its own profile", "Name another profile with `--profile`, or with `profile` in the role."}
	NoServer    = Kind{"no-server", 10, "no `evercreds serve` runs here, or its control socket is another", "Start it, or give `--control`."}
	Listen      = Kind{"listen", 11, "`serve` cannot listen", "Free the address, or give `--listen`."}
	Store       = Kind{"store", 12, "the store of this machine cannot be used", "See to the directory that the text names, or give `--no-share`."}
	Unhealthy   = Kind{"unhealthy", 13, "`doctor` has found something wrong", "Read its lines."}
	Unquotable  = Kind{"unquotable", 14, "the credentials have characters that the format cannot carry", "Use another `--format`."}
	Stopped     = Kind{"stopped", 15, "a signal, or the end of the terminal, ended it", "Nothing."}
	NotStarted  = Kind{"not-started", 125, "`run` or `cache` failed before its command was started; the text begins with one of the words above", "As above."}
	NotRunnable = Kind{"not-runnable", 126, "the command is there, and cannot be run", "See to its permissions."}
	NotFound    = Kind{"not-found", 127, "there is no such command", "See to its name, and to PATH."}
)

// Table has all rows, in the order of the documentation.
var Table = []Kind{
	Other, Usage, Config, NoBase, Refused, Unavailable, MFA, MinTTL, Recursion, NoServer,
	Listen, Store, Unhealthy, Unquotable, Stopped, NotStarted, NotRunnable, NotFound,
}

// Error is something that went wrong. Its text has no secret.
type Error struct {
	Kind Kind
	Text string
	Err  error // the cause, or nil
}

// New makes an error of a kind.
func (k Kind) New(format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...)}
}

// Of makes an error of a kind with a cause, whose text it has.
func (k Kind) Of(err error) *Error { return &Error{k, err.Error(), err} }

// Error returns the word and the text.
func (e *Error) Error() string { return e.Kind.Word + ": " + e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// LongTerm is the code of a source of this command's that has keys which nothing refreshes.
const LongTerm = "long_term"

// Sort finds the kind of any error.
func Sort(err error) *Error {
	var own *Error
	var refused *evercreds.ParameterError
	var session *evercreds.Error
	switch {
	case errors.As(err, &own):
		if errors.As(err, &session) && session.Code != evercreds.CodeSource {
			break
		}
		return own
	case errors.As(err, &refused):
		return &Error{Config, parameter(refused), err}
	case errors.Is(err, context.Canceled):
		return Stopped.Of(err)
	case !errors.As(err, &session):
		return Other.Of(err)
	}
	var source *evercreds.SourceError
	word := session.AWSErrorCode
	if errors.As(err, &source) && source.Code == LongTerm {
		word = source.Code
	}
	switch word { // docs/concepts/errors.md has these words
	case "no_credentials", "no_profile", "login_ended", "expired_credentials", LongTerm:
		return NoBase.Of(err)
	case "no_region":
		return Config.Of(err)
	case "no_code":
		return MFA.Of(err)
	}
	switch {
	case session.Code == evercreds.CodeMinTTL:
		return MinTTL.Of(err)
	case session.Code == evercreds.CodeShareLock:
		return Store.Of(err)
	case session.Class == evercreds.Permanent:
		return Refused.Of(err)
	}
	return Unavailable.Of(err)
}
