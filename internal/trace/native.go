package trace

import (
	"errors"

	"github.com/evercreds/evercreds/core"
)

// Native is the core by import.
type Native struct {
	*core.Session
}

var _ Machine = (*Native)(nil)

// Open implements Machine.
func (n *Native) Open(options []Option, now core.Now, seed uint64) (core.Decision, error) {
	s := core.New()
	for _, o := range options {
		if err := s.Set(o.Option, o.Value); err != nil {
			return core.Decision{}, err
		}
	}
	d, err := s.Open(now, seed)
	if err == nil {
		n.Session = s
	}
	return d, err
}

// Restore implements Machine.
func (n *Native) Restore(snapshot []byte, now core.Now, seed uint64) (core.Decision, error) {
	s, d, err := core.Restore(snapshot, now, seed)
	switch {
	case errors.Is(err, core.ErrSnapshotVersion):
		return d, Refusal("snapshot_version")
	case err != nil:
		return d, Refusal("snapshot")
	}
	n.Session = s
	return d, nil
}

// Snapshot implements Machine.
func (n *Native) Snapshot() ([]byte, error) { return n.AppendSnapshot(nil), nil }

// RuleExpiry implements Machine.
func (n *Native) RuleExpiry(text string) (int64, error) {
	ms, err := core.ParseExpiry([]byte(text))
	switch {
	case errors.Is(err, core.ErrExpiryNaive):
		return 0, Refusal("expiry_naive")
	case err != nil:
		return 0, Refusal("expiry_unreadable")
	}
	return ms, nil
}

// RuleClass implements Machine.
func (n *Native) RuleClass(method core.Method, status int32, code string) core.Class {
	return core.ErrorClass(method, int(status), []byte(code))
}

// RuleIoTEndpoint implements Machine.
func (n *Native) RuleIoTEndpoint(text string) (string, error) {
	host, err := core.IoTEndpoint([]byte(text))
	if err != nil {
		return "", Refusal("iot_endpoint")
	}
	return string(host), nil
}

// RuleMFACode implements Machine.
func (n *Native) RuleMFACode(text string) (int32, error) {
	at, ok := core.MFACode([]byte(text))
	if !ok {
		return 0, Refusal("mfa_code")
	}
	return int32(at), nil
}

// RuleDuration implements Machine.
func (n *Native) RuleDuration(seconds float64, chained bool) error {
	err := core.CheckDuration(seconds, chained)
	switch {
	case errors.Is(err, core.ErrDurationChained):
		return Refusal("duration_chained")
	case err != nil:
		return Refusal("duration")
	}
	return nil
}

// RuleRetryAfter implements Machine.
func (n *Native) RuleRetryAfter(text string, inMilliseconds bool, wall int64) int64 {
	return core.RetryAfter([]byte(text), inMilliseconds, wall)
}

// RuleEvidence implements Machine.
func (n *Native) RuleEvidence(isHead bool, status int32, code string) core.Evidence {
	return core.EvidenceOf(isHead, int(status), []byte(code))
}
