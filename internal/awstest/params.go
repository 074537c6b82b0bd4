package awstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rule is what a text parameter of AssumeRole must be like. Lengths are in
// characters.
type rule struct {
	name     string
	wire     string // as a validation error spells it
	required bool
	min, max int
	pattern  string
	whole    *regexp.Regexp // pattern, from end to end
}

func text(name, wire string, required bool, min, max int, pattern string) rule {
	return rule{name, wire, required, min, max, pattern, regexp.MustCompile("^(?:" + pattern + ")$")}
}

// The bounds of STS, from its public service model.
var assumeRoleRules = []rule{
	text("RoleArn", "roleArn", true, 20, 2048, `[\t\n\r\x20-\x7E\x85\xA0-\x{10FFFF}]+`),
	text("RoleSessionName", "roleSessionName", true, 2, 64, `[\w+=,.@-]*`),
	text("ExternalId", "externalId", false, 2, 1224, `[\w+=,.@:\/-]*`),
	text("SerialNumber", "serialNumber", false, 9, 256, `[\w+=/:,.@-]*`),
	text("TokenCode", "tokenCode", false, 6, 6, `[\d]*`),
	text("SourceIdentity", "sourceIdentity", false, 2, 64, `[\w+=,.@-]*`),
}

// listPattern matches the members of the lists that AssumeRole takes.
var listPattern = regexp.MustCompile(`^(?:PolicyArns\.member\.(\d{1,3})\.arn|Tags\.member\.(\d{1,3})\.(?:Key|Value)|` +
	`TransitiveTagKeys\.member\.(\d{1,3})|ProvidedContexts\.member\.(\d{1,3})\.(?:ProviderArn|ContextAssertion))$`)

// listMax are the longest such lists, in the order of the groups above.
var listMax = [...]int{10, 50, 50, 5}

const (
	minSeconds, maxSeconds = 900, 43200
	// maxPacked is how many characters of session policies and tags fit.
	maxPacked = 2048 + 50*(128+256)
)

// checkAssumeRole checks the parameters as STS does. unbounded leaves the
// bounds of DurationSeconds out, because an override replaces it anyway.
func checkAssumeRole(form url.Values, unbounded bool) *apiError {
	var bad []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if complaint := checkName(name, form[name]); complaint != "" {
			bad = append(bad, complaint)
		}
	}
	for _, r := range assumeRoleRules {
		if complaint := r.check(form); complaint != "" {
			bad = append(bad, complaint)
		}
	}
	if complaint := checkDuration(form, unbounded); complaint != "" {
		bad = append(bad, complaint)
	}
	if size, err := strconv.Atoi(form.Get(tokenSize)); form.Has(tokenSize) && (err != nil || size < 0 || size > 4096) {
		bad = append(bad, "Value '"+form.Get(tokenSize)+"' at 'minimumSessionTokenSize' failed to satisfy constraint: Member must be from 0 to 4096")
	}
	switch {
	case len(bad) == 1:
		return invalid("1 validation error detected: " + bad[0])
	case len(bad) > 1:
		return invalid(fmt.Sprintf("%d validation errors detected: %s", len(bad), strings.Join(bad, "; ")))
	case !rolePattern.MatchString(form.Get("RoleArn")):
		return invalid(form.Get("RoleArn") + " is invalid")
	case form.Has("SerialNumber") != form.Has("TokenCode"):
		return &apiError{http.StatusForbidden, "AccessDenied",
			"MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.", 0}
	case form.Has("Policy") && !json.Valid([]byte(form.Get("Policy"))):
		return &apiError{http.StatusBadRequest, "MalformedPolicyDocument", "The policy is not valid JSON.", 0}
	case packedSize(form) > maxPacked:
		return &apiError{http.StatusBadRequest, "PackedPolicyTooLarge", "The session policies and tags are too long together.", 0}
	}
	return nil
}

// tokenSize is the parameter by which a client asks for a long token, in bytes.
const tokenSize = "MinimumSessionTokenSize"

// checkName refuses parameters that AssumeRole does not have, which AWS would
// pass over, because here they are a client's mistake.
func checkName(name string, values []string) string {
	if len(values) != 1 {
		return "parameter '" + name + "' is given more than once"
	}
	switch name {
	case "Action", "Version", "DurationSeconds", "Policy", tokenSize:
		return ""
	}
	for _, r := range assumeRoleRules {
		if name == r.name {
			return ""
		}
	}
	m := listPattern.FindStringSubmatch(name)
	if m == nil {
		return "unknown parameter '" + name + "'"
	}
	for i, most := range listMax {
		if index, err := strconv.Atoi(m[i+1]); err == nil && (index < 1 || index > most) {
			return fmt.Sprintf("parameter '%s' is outside a list of at most %d members", name, most)
		}
	}
	return ""
}

// check words a complaint as STS does, but for the token code, which it leaves
// out as the secret that it is.
func (r *rule) check(form url.Values) string {
	if !form.Has(r.name) {
		if r.required {
			return "Value null at '" + r.wire + "' failed to satisfy constraint: Member must not be null"
		}
		return ""
	}
	value, shown := form.Get(r.name), form.Get(r.name)
	if r.name == "TokenCode" {
		shown = "(not shown)"
	}
	failed := func(constraint string, args ...any) string {
		return fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must ", shown, r.wire) + fmt.Sprintf(constraint, args...)
	}
	switch length := len([]rune(value)); {
	case length < r.min:
		return failed("have length greater than or equal to %d", r.min)
	case length > r.max:
		return failed("have length less than or equal to %d", r.max)
	case !r.whole.MatchString(value):
		return failed("satisfy regular expression pattern: %s", r.pattern)
	}
	return ""
}

func checkDuration(form url.Values, unbounded bool) string {
	if !form.Has("DurationSeconds") {
		return ""
	}
	value := form.Get("DurationSeconds")
	failed := func(constraint string) string {
		return "Value '" + value + "' at 'durationSeconds' failed to satisfy constraint: Member must " + constraint
	}
	seconds, err := strconv.Atoi(value)
	switch {
	case err != nil || seconds < 1:
		return failed("be a whole number above 0")
	case unbounded:
		return ""
	case seconds < minSeconds:
		return failed(fmt.Sprintf("have value greater than or equal to %d", minSeconds))
	case seconds > maxSeconds:
		return failed(fmt.Sprintf("have value less than or equal to %d", maxSeconds))
	}
	return ""
}

// packedSize is the length of the session policies and tags together.
func packedSize(form url.Values) (size int) {
	for name, values := range form {
		if name == "Policy" || listPattern.MatchString(name) && !strings.HasPrefix(name, "ProvidedContexts.") {
			size += len(values[0])
		}
	}
	return size
}
