package abi

import "github.com/evercreds/evercreds/core"

// RuleExpiry is the export rule_expiry. What lies before 1970 is refused: no
// set expired then, and a result below zero is a code.
func (l *Library) RuleExpiry(text []byte) int64 {
	return guardRule(func() int64 {
		at, err := core.ParseExpiry(text)
		switch {
		case err == core.ErrExpiryNaive:
			return ErrExpiryNaive
		case err != nil || at < 0:
			return ErrExpiryUnreadable
		}
		return at
	})
}

// RuleErrorClass is the export rule_error_class.
func (l *Library) RuleErrorClass(method, httpStatus int32, code []byte) int32 {
	if method < 1 || httpStatus < 0 || httpStatus > 999 {
		return ErrArgument
	}
	return int32(guardRule(func() int64 {
		return int64(core.ErrorClass(core.Method(method), int(httpStatus), code))
	}))
}

// RuleIoTEndpoint is the export rule_iot_endpoint.
func (l *Library) RuleIoTEndpoint(buffer []byte, length int32) int32 {
	if length < 0 || int(length) > len(buffer) {
		return ErrArgument
	}
	return int32(guardRule(func() int64 {
		endpoint, err := core.IoTEndpoint(buffer[:length])
		switch {
		case err != nil:
			return ErrIoTEndpoint
		case len(endpoint) > len(buffer):
			return ErrCapacity
		}
		return int64(copy(buffer, endpoint))
	}))
}

// RuleMFACode is the export rule_mfa_code.
func (l *Library) RuleMFACode(text []byte) int32 {
	return int32(guardRule(func() int64 {
		if at, ok := core.MFACode(text); ok {
			return int64(at)
		}
		return ErrMFACode
	}))
}

// RuleDuration is the export rule_duration.
func (l *Library) RuleDuration(seconds float64, chained int32) int32 {
	if !truth(chained) {
		return ErrArgument
	}
	return int32(guardRule(func() int64 {
		switch core.CheckDuration(seconds, chained == 1) {
		case nil:
			return 0
		case core.ErrDurationChained:
			return ErrDurationChained
		}
		return ErrDuration
	}))
}

// RuleRetryAfter is the export rule_retry_after.
func (l *Library) RuleRetryAfter(wall int64, inMilliseconds int32, text []byte) int64 {
	if !truth(inMilliseconds) || !span(wall) {
		return ErrArgument
	}
	return guardRule(func() int64 { return core.RetryAfter(text, inMilliseconds == 1, wall) })
}

// RuleEvidence is the export rule_evidence.
func (l *Library) RuleEvidence(isHead, httpStatus int32, code []byte) int32 {
	if !truth(isHead) || httpStatus < 0 || httpStatus > 999 {
		return ErrArgument
	}
	return int32(guardRule(func() int64 {
		return int64(core.EvidenceOf(isHead == 1, int(httpStatus), code))
	}))
}
