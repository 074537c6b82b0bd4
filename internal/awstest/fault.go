package awstest

import (
	"fmt"
	"slices"
	"strings"
)

// Kind names what a Fault does.
type Kind string

// The kinds of faults. A call whose signature is bad is refused before any of
// them.
const (
	// KindLatency delays the reply by LatencyMs, and nothing else. Every other
	// kind may carry a LatencyMs too.
	KindLatency Kind = "latency"
	// KindHTTP answers Status 500 or 503 (the default) in the service's words.
	KindHTTP Kind = "http"
	// KindThrottling answers as the service does when asked too often: STS with
	// HTTP 400 and Throttling, S3 with 503 and SlowDown, IoT with 429.
	KindThrottling Kind = "throttling"
	// KindAccessDenied answers HTTP 403 and AccessDenied.
	KindAccessDenied Kind = "access_denied"
	// KindError answers any Code, with Status (default 400) and Message.
	KindError Kind = "error"
	// KindTokenRefused refuses every session token, as an endpoint does that is of a
	// Region where the tokens of this set are not taken: S3 with InvalidToken, EC2
	// with AuthFailure, STS with InvalidClientTokenId. Calls that are signed with
	// long-term keys are answered as usual.
	KindTokenRefused Kind = "token_refused"
	// KindOversized answers Status (default 200) with SizeBytes of nonsense.
	KindOversized Kind = "oversized"
	// KindReset resets the connection without an answer.
	KindReset Kind = "reset"
	// KindHang never answers.
	KindHang Kind = "hang"
	// KindTruncated cuts a good reply in half.
	KindTruncated Kind = "truncated"
	// KindMissingField leaves Field out of the credentials.
	KindMissingField Kind = "missing_field"
	// KindBadField puts the text Value in place of Field.
	KindBadField Kind = "bad_field"
	// KindBadExpiration puts the text Expiration in place of the instant.
	KindBadExpiration Kind = "bad_expiration"
	// KindExpired hands out a set that ended OffsetMs ago (default a minute).
	KindExpired Kind = "expired"
	// KindClockOffset moves Date and the Expiration shown by OffsetMs. The set
	// still ends when the server's clock says; SetClockOffset moves that too.
	KindClockOffset Kind = "clock_offset"
	// KindFixed hands the newest set out again, as a source with a cache does.
	// Where there is none yet, one is issued.
	KindFixed Kind = "fixed"
)

// Fault is one thing that goes wrong. The zero value of a field stands for its
// default; a field that its Kind has no use for is refused.
//
// Which calls: Role takes AssumeRole calls for a role ARN, or, together with
// another Action, such as ListBuckets, calls signed with a set of that role;
// Alias takes calls of the IoT credentials provider; Action all calls of one
// action; none of them all calls. Of several faults that take a call the first
// injected wins, and all latencies add up.
type Fault struct {
	Kind   Kind   `json:"kind"`
	Role   string `json:"role,omitempty"`
	Alias  string `json:"alias,omitempty"`
	Action string `json:"action,omitempty"`

	// Count is for how many calls the fault lasts. 0: for all.
	Count int `json:"count,omitempty"`
	// FromMs and UntilMs bound the fault in time, in milliseconds after it was
	// injected, from FromMs on and before UntilMs. UntilMs 0: no end.
	FromMs  int64 `json:"from_ms,omitempty"`
	UntilMs int64 `json:"until_ms,omitempty"`
	// RemainingMinMs and RemainingMaxMs bound it by the life that is left in the
	// newest set issued to the role or alias, in milliseconds, both included.
	// RemainingMaxMs 0: no such bound. Before the first set it is not in force.
	RemainingMinMs int64 `json:"remaining_min_ms,omitempty"`
	RemainingMaxMs int64 `json:"remaining_max_ms,omitempty"`

	// LatencyMs delays the reply; any kind may have it.
	LatencyMs int64 `json:"latency_ms,omitempty"`
	// Status is the HTTP status of KindHTTP, KindError and KindOversized.
	Status int `json:"status,omitempty"`
	// Code is the error code of KindError.
	Code string `json:"code,omitempty"`
	// Message replaces the usual message of a kind that answers an error.
	Message string `json:"message,omitempty"`
	// RetryAfterS is the Retry-After header in seconds of a kind that answers an
	// error. 0: none.
	RetryAfterS int `json:"retry_after_s,omitempty"`
	// AmzRetryAfterMs is the header x-amz-retry-after in milliseconds of a kind
	// that answers an error. 0: none.
	AmzRetryAfterMs int64 `json:"amz_retry_after_ms,omitempty"`
	// SizeBytes is the length of KindOversized's reply. Default: 4 MiB.
	SizeBytes int64 `json:"size_bytes,omitempty"`
	// Field is AccessKeyId, SecretAccessKey, SessionToken (default) or
	// Expiration, for KindMissingField and KindBadField.
	Field string `json:"field,omitempty"`
	// Value is the text of KindBadField. In XML, what it cannot hold becomes U+FFFD.
	Value string `json:"value,omitempty"`
	// Expiration is the text of KindBadExpiration. Default: "not-a-time".
	Expiration string `json:"expiration,omitempty"`
	// OffsetMs is how far KindClockOffset moves the clock ahead (negative:
	// back), or how long ago the set of KindExpired ended.
	OffsetMs int64 `json:"offset_ms,omitempty"`
}

// refuses says whether the kind answers an error of the service.
func (k Kind) refuses() bool {
	return slices.Contains([]Kind{KindHTTP, KindThrottling, KindAccessDenied, KindError, KindTokenRefused}, k)
}

// spoils says whether the kind changes the credentials in a reply, and so is
// for AssumeRole and the IoT credentials provider only.
func (k Kind) spoils() bool {
	return slices.Contains([]Kind{KindMissingField, KindBadField, KindBadExpiration, KindExpired, KindFixed}, k)
}

// kinds lists, for each kind, the fields of its own that it may carry.
var kinds = map[Kind]string{
	KindLatency:       "",
	KindHTTP:          "status message retry_after_s amz_retry_after_ms",
	KindThrottling:    "message retry_after_s amz_retry_after_ms",
	KindAccessDenied:  "message retry_after_s amz_retry_after_ms",
	KindError:         "status code message retry_after_s amz_retry_after_ms",
	KindTokenRefused:  "message",
	KindOversized:     "status size_bytes",
	KindReset:         "",
	KindHang:          "",
	KindTruncated:     "",
	KindMissingField:  "field",
	KindBadField:      "field value",
	KindBadExpiration: "expiration",
	KindExpired:       "offset_ms",
	KindClockOffset:   "offset_ms",
	KindFixed:         "",
}

// maxMs keeps durations far from overflow: a year.
const maxMs = int64(maxOffset / 1e6)

// check refuses a fault that could not do what its fields say, with an error
// that names the field.
func (f *Fault) check() error {
	own, known := kinds[f.Kind]
	if !known {
		return fmt.Errorf("kind must be one of %s, got %q", strings.Join(kindNames(), ", "), f.Kind)
	}
	for name, given := range map[string]bool{
		"status": f.Status != 0, "code": f.Code != "", "message": f.Message != "", "retry_after_s": f.RetryAfterS != 0,
		"amz_retry_after_ms": f.AmzRetryAfterMs != 0, "size_bytes": f.SizeBytes != 0, "value": f.Value != "",
		"field": f.Field != "", "expiration": f.Expiration != "", "offset_ms": f.OffsetMs != 0,
	} {
		if given && !slices.Contains(strings.Fields(own), name) {
			return fmt.Errorf("%s has no meaning for kind %q", name, f.Kind)
		}
	}
	if err := f.checkTarget(); err != nil {
		return err
	}
	if err := f.checkBounds(); err != nil {
		return err
	}
	return f.checkValues()
}

func (f *Fault) checkTarget() error {
	switch {
	case f.Role != "" && !rolePattern.MatchString(f.Role):
		return fmt.Errorf("role must be a role ARN, got %q", f.Role)
	case f.Alias != "" && !aliasPattern.MatchString(f.Alias):
		return fmt.Errorf("alias must be a role alias, got %q", f.Alias)
	case f.Role != "" && f.Alias != "":
		return fmt.Errorf("role and alias must not both be given")
	case f.Alias != "" && f.Action != "" && f.Action != ActionRoleAlias:
		return fmt.Errorf("action must be %s, or left out, with an alias, got %q", ActionRoleAlias, f.Action)
	case f.Role != "" && f.Action == ActionRoleAlias:
		return fmt.Errorf("role must be left out with action %s: name the alias", ActionRoleAlias)
	case f.Kind.spoils() && f.Action != "" && f.Action != ActionAssumeRole && f.Action != ActionRoleAlias:
		return fmt.Errorf("action must be %s or %s for kind %q, got %q", ActionAssumeRole, ActionRoleAlias, f.Kind, f.Action)
	}
	all := []string{
		ActionAssumeRole, ActionGetCallerIdentity, ActionListBuckets, ActionHeadBucket, ActionHeadObject, ActionGetObject,
		ActionDescribeRegions, ActionRoleAlias,
	}
	if f.Action != "" && !slices.Contains(all, f.Action) {
		return fmt.Errorf("action must be one of %s, got %q", strings.Join(all, ", "), f.Action)
	}
	return nil
}

func (f *Fault) checkBounds() error {
	for _, b := range []struct {
		name  string
		value int64
	}{
		{"count", int64(f.Count)}, {"from_ms", f.FromMs}, {"until_ms", f.UntilMs},
		{"remaining_min_ms", f.RemainingMinMs}, {"remaining_max_ms", f.RemainingMaxMs},
		{"latency_ms", f.LatencyMs}, {"retry_after_s", int64(f.RetryAfterS)},
		{"amz_retry_after_ms", f.AmzRetryAfterMs}, {"size_bytes", f.SizeBytes},
	} {
		if b.value < 0 || b.value > maxMs {
			return fmt.Errorf("%s must be from 0 to %d, got %d", b.name, maxMs, b.value)
		}
	}
	switch {
	case f.UntilMs != 0 && f.UntilMs <= f.FromMs:
		return fmt.Errorf("until_ms must be above from_ms, got %d and %d", f.UntilMs, f.FromMs)
	case f.RemainingMinMs > f.RemainingMaxMs:
		return fmt.Errorf("remaining_max_ms must be at least remaining_min_ms, got %d and %d", f.RemainingMaxMs, f.RemainingMinMs)
	case f.OffsetMs > maxMs || f.OffsetMs < -maxMs:
		return fmt.Errorf("offset_ms must be within a year, got %d", f.OffsetMs)
	}
	return nil
}

func (f *Fault) checkValues() error {
	fields := []string{"", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
	switch {
	case f.Kind == KindLatency && f.LatencyMs == 0:
		return fmt.Errorf("latency_ms must be above 0 for kind %q", f.Kind)
	case f.Kind == KindHTTP && f.Status != 0 && f.Status != 500 && f.Status != 503:
		return fmt.Errorf("status must be 500 or 503 for kind %q, got %d", f.Kind, f.Status)
	case f.Kind == KindError && f.Code == "":
		return fmt.Errorf("code must be given for kind %q", f.Kind)
	case f.Kind == KindError && f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status must be from 400 to 599, got %d", f.Status)
	case f.Kind == KindOversized && f.Status != 0 && f.Status != 200 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status must be 200, or from 400 to 599, for kind %q, got %d", f.Kind, f.Status)
	case f.Kind == KindClockOffset && f.OffsetMs == 0:
		return fmt.Errorf("offset_ms must not be 0 for kind %q", f.Kind)
	case f.Kind == KindExpired && f.OffsetMs < 0:
		return fmt.Errorf("offset_ms must be 0 or above for kind %q, got %d", f.Kind, f.OffsetMs)
	case !slices.Contains(fields, f.Field):
		return fmt.Errorf("field must be one of %s, got %q", strings.Join(fields[1:], ", "), f.Field)
	}
	return nil
}

func (f *Fault) size() int64 {
	if f.SizeBytes == 0 {
		return 4 << 20
	}
	return f.SizeBytes
}

func kindNames() []string {
	names := make([]string, 0, len(kinds))
	for k := range kinds {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}
