package hostfuncs

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds/core"
)

// CacheNew is cache_new.
func (m *Machine) CacheNew(policy core.CachePolicy, size int32) (int32, error) {
	return m.number("cache_new", i32(int32(policy)), i32(size))
}

// CacheGet is cache_get.
func (m *Machine) CacheGet(cache, id int32) (int32, error) {
	return m.number("cache_get", i32(cache), i32(id))
}

// CacheContains is cache_contains.
func (m *Machine) CacheContains(cache, id int32) (int32, error) {
	return m.number("cache_contains", i32(cache), i32(id))
}

// CacheAdd is cache_add.
func (m *Machine) CacheAdd(cache, id int32) (int32, error) {
	return m.number("cache_add", i32(cache), i32(id))
}

// CacheRemove is cache_remove.
func (m *Machine) CacheRemove(cache, id int32) (int32, error) {
	return m.number("cache_remove", i32(cache), i32(id))
}

// CacheResize is cache_resize.
func (m *Machine) CacheResize(cache, size int32) (int32, error) {
	return m.number("cache_resize", i32(cache), i32(size))
}

// CacheEvicted is cache_evicted; Result(abi.NoEntry) when there are no more.
func (m *Machine) CacheEvicted(cache int32) (int32, error) {
	return m.number("cache_evicted", i32(cache))
}

// CacheNext is cache_next; Result(abi.NoEntry) at the end.
func (m *Machine) CacheNext(cache, id int32) (int32, error) {
	return m.number("cache_next", i32(cache), i32(id))
}

// CacheSize is cache_size.
func (m *Machine) CacheSize(cache int32) (int32, error) { return m.number("cache_size", i32(cache)) }

// CacheClear is cache_clear.
func (m *Machine) CacheClear(cache int32) error {
	_, err := m.number("cache_clear", i32(cache))
	return err
}

// CacheFree is cache_free.
func (m *Machine) CacheFree(cache int32) error {
	_, err := m.number("cache_free", i32(cache))
	return err
}

// RuleExpiry is rule_expiry.
func (m *Machine) RuleExpiry(text string) (int64, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return 0, err
	}
	return m.instant("rule_expiry", n)
}

// RuleErrorClass is rule_error_class.
func (m *Machine) RuleErrorClass(method core.Method, status int32, code string) (core.Class, error) {
	n, err := m.write([]byte(code))
	if err != nil {
		return 0, err
	}
	class, err := m.number("rule_error_class", i32(int32(method)), i32(status), n)
	return core.Class(class), err
}

// RuleIoTEndpoint is rule_iot_endpoint.
func (m *Machine) RuleIoTEndpoint(text string) (string, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return "", err
	}
	length, err := m.number("rule_iot_endpoint", n)
	if err != nil {
		return "", err
	}
	b, err := m.read(length)
	return string(b), err
}

// RuleMFACode is rule_mfa_code. It gives the code's offset.
func (m *Machine) RuleMFACode(text string) (int32, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return 0, err
	}
	return m.number("rule_mfa_code", n)
}

// RuleDuration is rule_duration.
func (m *Machine) RuleDuration(seconds float64, chained bool) error {
	_, err := m.number("rule_duration", api.EncodeF64(seconds), i32(truth(chained)))
	return err
}

// RuleRetryAfter is rule_retry_after.
func (m *Machine) RuleRetryAfter(text string, inMilliseconds bool, wall int64) (int64, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return 0, err
	}
	return m.instant("rule_retry_after", f64(wall), i32(truth(inMilliseconds)), n)
}

// RuleEvidence is rule_evidence.
func (m *Machine) RuleEvidence(isHead bool, status int32, code string) (core.Evidence, error) {
	n, err := m.write([]byte(code))
	if err != nil {
		return core.EvidenceNone, err
	}
	evidence, err := m.number("rule_evidence", i32(truth(isHead)), i32(status), n)
	return core.Evidence(evidence), err
}
