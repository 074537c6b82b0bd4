package trace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

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
