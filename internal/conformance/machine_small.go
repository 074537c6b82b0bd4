package main

import (
	"encoding/hex"
	"strconv"

	"github.com/evercreds/evercreds/core"
)

// RuleExpiry implements trace.Machine.
func (m *remote) RuleExpiry(text string) (int64, error) {
	// a date before 1970 is below zero, and no refusal
	ms, _, err := m.call("rule_expiry", bytesOf([]byte(text)))
	return ms, err
}

// RuleClass implements trace.Machine.
func (m *remote) RuleClass(method core.Method, status int32, code string) core.Class {
	return core.Class(m.number("rule_error_class", int(method), status, bytesOf([]byte(code))))
}

// RuleIoTEndpoint implements trace.Machine.
func (m *remote) RuleIoTEndpoint(text string) (string, error) {
	_, words, err := m.call("rule_iot_endpoint", "w:"+hex.EncodeToString([]byte(text)))
	if err != nil || len(words) == 0 {
		return "", err
	}
	host, err := hex.DecodeString(words[0])
	return string(host), err
}

// RuleMFACode implements trace.Machine.
func (m *remote) RuleMFACode(text string) (int32, error) {
	at, _, err := m.call("rule_mfa_code", bytesOf([]byte(text)))
	return int32(at), err
}

// RuleDuration implements trace.Machine.
func (m *remote) RuleDuration(seconds float64, chained bool) error {
	_, _, err := m.call("rule_duration", strconv.FormatFloat(seconds, 'g', -1, 64), truth(chained))
	return err
}

// RuleRetryAfter implements trace.Machine.
func (m *remote) RuleRetryAfter(text string, inMilliseconds bool, wall int64) int64 {
	return m.number("rule_retry_after", wall, truth(inMilliseconds), bytesOf([]byte(text)))
}

// RuleEvidence implements trace.Machine.
func (m *remote) RuleEvidence(isHead bool, status int32, code string) core.Evidence {
	return core.Evidence(m.number("rule_evidence", truth(isHead), status, bytesOf([]byte(code))))
}
