package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The store's part of the language of host scenarios.

// answersOfStore are the store's words: their executor's names, and the parameters.
var answersOfStore = map[string]struct {
	name  string
	takes []string
}{
	"finds": {"finds", []string{
		"life", "endless", "left", "clockless", "age", "generation", "replaces", "junk", "foreign", "turn", "turn_left", "notice", "notice_left",
	}},
	"gives":   {"gives", []string{"turn", "clockless"}},
	"keeps":   {"keeps", []string{"turn", "left"}},
	"takes":   {"takes", nil},
	"refuses": {"refuses", nil},
	"fails":   {"store_fails", []string{"unreadable", "key", "principal"}},
	"hints":   {"hints", nil},
}

// storeOrder reads what the store answers.
func storeOrder(w []string) (string, error) {
	if len(w) < 2 || answersOfStore[w[1]].name == "" {
		return "", fmt.Errorf("%q is nothing that a store does", strings.Join(w, " "))
	}
	verb, rest, line := answersOfStore[w[1]], w[2:], ""
	if verb.name == "finds" && len(rest) > 0 && strings.HasPrefix(rest[0], "@") {
		n, err := setNumber(rest[0])
		if err != nil {
			return "", err
		}
		line, rest = " set="+n, rest[1:]
	}
	for _, word := range rest {
		value, err := storeParameter(word, verb.takes)
		if err != nil {
			return "", err
		}
		line += " " + value
	}
	return verb.name + line, nil
}

// storeParameter turns one parameter into numbers.
func storeParameter(word string, known []string) (string, error) {
	name, value, given := strings.Cut(word, "=")
	var err error
	switch {
	case !slices.Contains(known, name):
		err = fmt.Errorf("%q is not understood here", word)
	case !given:
		value = "1"
	case name == "replaces" || name == "junk":
		value, err = setNumber(value)
	case name == "turn" || name == "generation":
		_, err = strconv.ParseUint(value, 10, 53)
	case name == "notice":
		class, count, _ := strings.Cut(value, "*")
		at := slices.Index(noticeClasses, class)
		if _, err = strconv.ParseUint(count, 10, 32); err == nil && at < 0 {
			err = errors.New("a notice is CLASS*COUNT")
		}
		value = strconv.Itoa(at+1) + "*" + count
	default:
		value, err = milliseconds(value)
	}
	return name + "=" + value, err
}

// noticeClasses are the words for the classes of failures, whose numbers begin with 1.
var noticeClasses = []string{"recoverable", "permanent", "throttled"}

// setNumber reads a set: #N of this session's flights, or @N of other processes, whose
// number is below zero.
func setNumber(text string) (string, error) {
	if other, ok := strings.CutPrefix(text, "@"); ok {
		n, err := number("#" + other)
		if err != nil {
			return "", fmt.Errorf("%q is no @N", text)
		}
		return "-" + n, nil
	}
	return number(text)
}

// setName writes the number of a set as a scenario has it.
func setName(number string) string {
	if other, ok := strings.CutPrefix(number, "-"); ok {
		return "@" + other
	}
	return "#" + number
}

// isStoreCall tells whether an answer says what the store is asked.
func isStoreCall(w []string) bool {
	return slices.Contains([]string{"look", "campaign", "publish", "resign"}, w[0])
}

// storeCall writes what the store is asked as a scenario has it.
func storeCall(w []string) string {
	for i, word := range w {
		name, value, given := strings.Cut(word, "=")
		switch {
		case i == 1 && !given:
			w[i] = setName(word)
		case name == "replaces" || name == "junk" || name == "over":
			w[i] = name + "=" + setName(value)
		case name == "notice":
			class, count, _ := strings.Cut(value, "*")
			if at, err := strconv.Atoi(class); err == nil && at >= 1 && at <= len(noticeClasses) {
				w[i] = name + "=" + noticeClasses[at-1] + "*" + count
			}
		}
	}
	return "store " + strings.Join(w, " ")
}
