package core

import "errors"

// mfaDigits is the length of a one-time code.
const mfaDigits = 6

// MFACode finds the one-time code in a command's output: the last run of exactly
// six ASCII digits that is a word of its own. The result is its offset, so that the
// code itself never leaves the caller's text.
func MFACode(text []byte) (offset int, ok bool) {
	for end := len(text); end >= mfaDigits; end-- {
		at := end - mfaDigits
		if allDigits(text[at:end]) && !wordAt(text, at-1) && !wordAt(text, end) {
			return at, true
		}
	}
	return 0, false
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// wordAt tells whether a word of ASCII continues at i. Beyond ASCII there are
// quotation marks and full stops as well as letters; none of them hides a code.
func wordAt(text []byte, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// The errors of CheckDuration.
var (
	ErrDuration        = errors.New("evercreds: duration_seconds must be whole seconds from 900 to 43200")
	ErrDurationChained = errors.New("evercreds: duration_seconds must be at most 3600 if one role assumes another")
)

// CheckDuration checks a requested lifetime before the call. If one role assumes
// another, STS refuses more than an hour; it does not cap it.
func CheckDuration(seconds float64, chained bool) error {
	switch {
	case !(seconds >= 900 && seconds <= 43200) || seconds != float64(int64(seconds)):
		return ErrDuration
	case chained && seconds > 3600:
		return ErrDurationChained
	}
	return nil
}
