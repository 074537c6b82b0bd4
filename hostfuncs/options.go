package hostfuncs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// Option is one setting of a session, by its name in docs/ABI.md: "advisory_timeout".
type Option struct {
	Name string
	// Value is a word, a bool, a time.Duration, or a number, which counts seconds where
	// the option is a time.
	Value any
}

// setting is an option in the machine's terms.
type setting struct {
	option core.Option
	value  float64
}

// choices are the words for the values of an option, from number 0.
var choices = map[core.Option][]string{
	core.OptPolicy:          {"classic", "adaptive", "aws2026"},
	core.OptStability:       {"strict", "until_expiry", "static"},
	core.OptAdvisoryRefresh: {"background", "inline"},
}

// nameOf is what users call an option.
func nameOf(o core.Option) string {
	name, _, _ := strings.Cut(core.OptionRule(o), " ")
	return name
}

// settingsOf reads options. What they are set to, the machine judges.
func settingsOf(options []Option) ([]setting, error) {
	var all []setting
	for _, o := range options {
		s, err := o.setting()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (o Option) setting() (setting, error) {
	option := core.OptPolicy
	for nameOf(option) != o.Name {
		if option++; option > core.OptMaxWait {
			return setting{}, &evercreds.ParameterError{Parameter: "options", Expected: fmt.Sprintf("must have names of docs/ABI.md; got %q", o.Name)}
		}
	}
	switch v := o.Value.(type) {
	case bool:
		if v {
			return setting{option, 1}, nil
		}
		return setting{option, 0}, nil
	case string:
		if option == core.OptAdvisoryTimeout && v == "auto" {
			return setting{core.OptAdvisoryAuto, 1}, nil
		}
		if n := slices.Index(choices[option], v); n >= 0 {
			return setting{option, float64(n)}, nil
		}
	case time.Duration:
		return setting{option, v.Seconds()}, nil
	case int:
		return setting{option, float64(v)}, nil
	case float64:
		return setting{option, v}, nil
	}
	return setting{}, refusal(option, o.Value)
}

// refusal is the error of a value that an option does not take. nil: which one is not
// known.
func refusal(option core.Option, value any) error {
	name, rule, _ := strings.Cut(core.OptionRule(option), " ")
	if value != nil {
		rule += fmt.Sprintf("; got %v", value)
	}
	return &evercreds.ParameterError{Parameter: name, Expected: rule}
}
