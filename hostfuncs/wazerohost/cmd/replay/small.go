package main

import (
	"errors"

	"github.com/evercreds/evercreds/abi"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs/wazerohost"
)

func (m *machine) NewCache(policy core.CachePolicy, size int32) (err error) {
	m.cache, err = m.m.CacheNew(policy, size)
	return refusal(err)
}

// counted gives the number of a call that is not refused in scenarios.
func (m *machine) counted(n int32, err error) int32 {
	if err != nil {
		m.note(err)
	}
	return n
}

// entry tells whether there was one.
func (m *machine) entry(id int32, err error) (int32, bool) {
	if err != nil && !errors.Is(err, wazerohost.Result(abi.NoEntry)) {
		m.note(err)
	}
	return id, err == nil
}

func (m *machine) CacheGet(id int32) int32      { return m.counted(m.m.CacheGet(m.cache, id)) }
func (m *machine) CacheContains(id int32) int32 { return m.counted(m.m.CacheContains(m.cache, id)) }
func (m *machine) CacheAdd(id int32) int32      { return m.counted(m.m.CacheAdd(m.cache, id)) }
func (m *machine) CacheRemove(id int32) int32   { return m.counted(m.m.CacheRemove(m.cache, id)) }
func (m *machine) CacheResize(size int32) int32 { return m.counted(m.m.CacheResize(m.cache, size)) }
func (m *machine) CacheClear() int32            { return m.counted(0, m.m.CacheClear(m.cache)) }

func (m *machine) CacheEvicted() (int32, bool)      { return m.entry(m.m.CacheEvicted(m.cache)) }
func (m *machine) CacheNext(id int32) (int32, bool) { return m.entry(m.m.CacheNext(m.cache, id)) }

func (m *machine) RuleExpiry(text string) (int64, error) {
	ms, err := m.m.RuleExpiry(text)
	return ms, refusal(err)
}

func (m *machine) RuleClass(method core.Method, status int32, code string) core.Class {
	class, err := m.m.RuleErrorClass(method, status, code)
	if err != nil {
		m.note(err)
	}
	return class
}

func (m *machine) RuleIoTEndpoint(text string) (string, error) {
	host, err := m.m.RuleIoTEndpoint(text)
	return host, refusal(err)
}

func (m *machine) RuleMFACode(text string) (int32, error) {
	at, err := m.m.RuleMFACode(text)
	return at, refusal(err)
}

func (m *machine) RuleDuration(seconds float64, chained bool) error {
	return refusal(m.m.RuleDuration(seconds, chained))
}

func (m *machine) RuleRetryAfter(text string, inMilliseconds bool, wall int64) int64 {
	ms, err := m.m.RuleRetryAfter(text, inMilliseconds, wall)
	if err != nil {
		m.note(err)
	}
	return ms
}

func (m *machine) RuleEvidence(isHead bool, status int32, code string) core.Evidence {
	evidence, err := m.m.RuleEvidence(isHead, status, code)
	if err != nil {
		m.note(err)
	}
	return evidence
}
