package trace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// cacheEvent does one event of the client-cache policy.
func (r *replayer) cacheEvent(words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("cache needs an operation")
	}
	if words[0] == "new" {
		return r.newCache(words)
	}
	if !r.cache {
		return "", errors.New("there is no cache: make a new one first")
	}
	if words[0] == "clear" && len(words) == 1 {
		return r.cacheAnswer(r.m.CacheClear()), nil
	}
	if len(words) != 2 {
		return "", fmt.Errorf("cache %s needs one number", words[0])
	}
	n64, err := strconv.ParseInt(words[1], 10, 32)
	if err != nil {
		return "", fmt.Errorf("%q is not a whole number", words[1])
	}
	n := int32(n64)
	if n < 0 && words[0] != "resize" {
		return "", Refusal("argument")
	}
	switch words[0] {
	case "get":
		return r.cacheAnswer(r.m.CacheGet(n)), nil
	case "contains":
		return r.cacheAnswer(r.m.CacheContains(n)), nil
	case "add":
		return r.cacheAnswer(r.m.CacheAdd(n)), nil
	case "remove":
		return r.cacheAnswer(r.m.CacheRemove(n)), nil
	case "resize":
		return r.cacheAnswer(r.m.CacheResize(n)), nil
	}
	return "", fmt.Errorf("cache %q is no operation", words[0])
}

func (r *replayer) newCache(words []string) (string, error) {
	if len(words) != 3 || words[1] != "lru" && words[1] != "lfu" {
		return "", errors.New("cache new needs lru or lfu and a bound")
	}
	size, err := strconv.ParseInt(words[2], 10, 32)
	if err != nil {
		return "", fmt.Errorf("%q is not a whole number", words[2])
	}
	policy := core.LRU
	if words[1] == "lfu" {
		policy = core.LFU
	}
	if err := r.m.NewCache(policy, int32(size)); err != nil {
		return "", err
	}
	r.cache = true
	return r.cacheAnswer(0), nil
}

func (r *replayer) cacheAnswer(result int32) string {
	var evicted, order []string
	for id, ok := r.m.CacheEvicted(); ok; id, ok = r.m.CacheEvicted() {
		evicted = append(evicted, strconv.Itoa(int(id)))
	}
	for id, ok := r.m.CacheNext(-1); ok; id, ok = r.m.CacheNext(id) {
		order = append(order, strconv.Itoa(int(id)))
	}
	out := "cache " + strconv.Itoa(int(result))
	if evicted != nil {
		out += " evicted=" + strings.Join(evicted, ",")
	}
	return out + " order=" + strings.Join(order, ",")
}

// rule does one of the shared rules.
func (r *replayer) rule(rest string) (string, error) {
	which, text, _ := strings.Cut(rest, " ")
	switch which {
	case "expiry":
		ms, err := r.m.RuleExpiry(text)
		return "rule " + strconv.FormatInt(ms, 10), err
	case "iot":
		host, err := r.m.RuleIoTEndpoint(text)
		return "rule " + host, err
	case "mfa":
		at, err := r.m.RuleMFACode(text)
		return "rule " + strconv.Itoa(int(at)), err
	case "class":
		return r.ruleClass(strings.Fields(text))
	case "duration":
		return r.ruleDuration(strings.Fields(text))
	case "retry_after":
		unit, text, _ := strings.Cut(text, " ")
		if unit != "ms" && unit != "s" {
			return "", errors.New("rule retry_after needs ms|s [TEXT]")
		}
		return "rule " + strconv.FormatInt(r.m.RuleRetryAfter(text, unit == "ms", Base), 10), nil
	case "evidence":
		return r.ruleEvidence(strings.Fields(text))
	}
	return "", fmt.Errorf("%q is no rule", which)
}

func (r *replayer) ruleClass(words []string) (string, error) {
	if len(words) < 2 || len(words) > 3 {
		return "", errors.New("rule class needs METHOD STATUS [CODE]")
	}
	method, ok := optionValue(core.OptMethod, words[0])
	status, err := strconv.ParseInt(words[1], 10, 32)
	if !ok || err != nil {
		return "", errors.New("rule class needs a method and a number")
	}
	if method < 1 || status < 0 || status > 999 {
		return "", Refusal("argument")
	}
	code := strings.Join(words[2:], "")
	return "rule " + name(classes, r.m.RuleClass(core.Method(method), int32(status), code)), nil
}

func (r *replayer) ruleEvidence(words []string) (string, error) {
	if len(words) < 2 || len(words) > 3 || words[0] != "head" && words[0] != "get" {
		return "", errors.New("rule evidence needs head|get STATUS [CODE]")
	}
	status, err := strconv.ParseInt(words[1], 10, 32)
	if err != nil {
		return "", errors.New("rule evidence needs a number for the status")
	}
	if status < 0 || status > 999 {
		return "", Refusal("argument")
	}
	code := strings.Join(words[2:], "")
	return "rule " + name(evidence, r.m.RuleEvidence(words[0] == "head", int32(status), code)), nil
}

func (r *replayer) ruleDuration(words []string) (string, error) {
	chained := len(words) == 2 && words[1] == "chained"
	if len(words) != 1 && !chained {
		return "", errors.New("rule duration needs SECONDS [chained]")
	}
	seconds, err := strconv.ParseFloat(words[0], 64)
	if words[0] == "nan" {
		seconds, err = math.NaN(), nil
	}
	if err != nil {
		return "", fmt.Errorf("%q is not a number", words[0])
	}
	return "rule 0", r.m.RuleDuration(seconds, chained)
}
