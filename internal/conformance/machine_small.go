package main

import (
	"encoding/hex"
	"strconv"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
)

// NewCache implements trace.Machine.
func (m *remote) NewCache(policy core.CachePolicy, size int32) error {
	made, _, err := m.call("cache_new", int(policy), size)
	if err == nil && m.cache != 0 {
		m.number("cache_free", m.cache)
	}
	if err == nil {
		m.cache = made
	}
	return err
}

func (m *remote) cached(name string, args ...any) int32 {
	return int32(m.number("cache_"+name, append([]any{m.cache}, args...)...))
}

// CacheGet implements trace.Machine.
func (m *remote) CacheGet(id int32) int32 { return m.cached("get", id) }

// CacheContains implements trace.Machine.
func (m *remote) CacheContains(id int32) int32 { return m.cached("contains", id) }

// CacheAdd implements trace.Machine.
func (m *remote) CacheAdd(id int32) int32 { return m.cached("add", id) }

// CacheRemove implements trace.Machine.
func (m *remote) CacheRemove(id int32) int32 { return m.cached("remove", id) }

// CacheResize implements trace.Machine.
func (m *remote) CacheResize(size int32) int32 { return m.cached("resize", size) }

// CacheClear implements trace.Machine.
func (m *remote) CacheClear() int32 { return m.cached("clear") }

// CacheEvicted implements trace.Machine.
func (m *remote) CacheEvicted() (int32, bool) { return m.entry("cache_evicted", m.cache) }

// CacheNext implements trace.Machine.
func (m *remote) CacheNext(id int32) (int32, bool) { return m.entry("cache_next", m.cache, id) }

// entry makes a call that gives an entry of a cache, or tells that there is none.
func (m *remote) entry(name string, args ...any) (int32, bool) {
	id, _, err := m.call(name, args...)
	if err != nil && id != abi.NoEntry && m.refused == nil {
		m.refused = err
	}
	return int32(id), id >= 0
}

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
