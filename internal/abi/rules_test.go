package abi

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

func TestRulesGiveTheirCodes(t *testing.T) {
	l := New(silent{})
	want(t, "expiry", l.RuleExpiry([]byte("2026-01-31T09:30:00Z")), 1769851800000)
	want(t, "naive", l.RuleExpiry([]byte("2026-01-31T09:30:00")), ErrExpiryNaive)
	want(t, "unreadable", l.RuleExpiry([]byte("tomorrow")), ErrExpiryUnreadable)
	want(t, "before 1970", l.RuleExpiry([]byte("1969-12-31T23:59:59Z")), ErrExpiryUnreadable)
	want(t, "class", l.RuleErrorClass(int32(core.MethodSTS), 403, []byte("AccessDenied")), int32(core.Permanent))
	want(t, "code at", l.RuleMFACode([]byte("code: 123456\n")), 6)
	want(t, "no code", l.RuleMFACode([]byte("12345")), ErrMFACode)
	want(t, "duration", l.RuleDuration(3600, 1), 0)
	want(t, "short", l.RuleDuration(899, 0), ErrDuration)
	want(t, "chained", l.RuleDuration(3601, 1), ErrDurationChained)
	want(t, "a pause", l.RuleRetryAfter(1767225600000, 1, []byte("1500")), 1500)
	want(t, "a date", l.RuleRetryAfter(1767225600000, 0, []byte("Thu, 01 Jan 2026 00:00:30 GMT")), 30_000)
	want(t, "no unit", l.RuleRetryAfter(0, 2, nil), ErrArgument)
	want(t, "no instant", l.RuleRetryAfter(-1, 1, nil), ErrArgument)
	want(t, "strong evidence", l.RuleEvidence(0, 400, []byte("ExpiredToken")), int32(core.EvidenceStrong))
	want(t, "weak evidence", l.RuleEvidence(1, 400, nil), int32(core.EvidenceWeak))
	want(t, "no evidence", l.RuleEvidence(0, 403, []byte("AccessDenied")), int32(core.EvidenceNone))
	want(t, "neither head nor not", l.RuleEvidence(2, 400, nil), ErrArgument)
	want(t, "no status", l.RuleEvidence(1, 1000, nil), ErrArgument)
}

func TestAnEndpointIsRewrittenInPlace(t *testing.T) {
	l := New(silent{})
	const data, right = "abc-ats.iot.eu-west-1.amazonaws.com", "abc.credentials.iot.eu-west-1.amazonaws.com"
	buffer := make([]byte, 100)
	n := l.RuleIoTEndpoint(buffer, int32(copy(buffer, data)))
	want(t, "endpoint", string(buffer[:max(n, 0)]), right)
	want(t, "no room", l.RuleIoTEndpoint([]byte(data), int32(len(data))), ErrCapacity)
	want(t, "stranger", l.RuleIoTEndpoint([]byte("example.com"), 11), ErrIoTEndpoint)
}
