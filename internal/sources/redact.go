package sources

import (
	"errors"
	"strings"

	"github.com/evercreds/evercreds/internal/foreign"
)

// secrets are texts that must not appear in an error. Services do echo what
// they were sent: STS answers SignatureDoesNotMatch with the canonical request,
// in which the session token of the base credentials stands.
type secrets []string

func (s *secrets) add(texts ...string) {
	for _, t := range texts {
		if len(t) >= 6 { // shorter ones could be parts of words
			*s = append(*s, t)
		}
	}
}

// clean takes the secrets out of a text and bounds its length.
func (s secrets) clean(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	const most = 600
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// cause returns an error that stands for the original, also to errors.Is and errors.As,
// if its text is clean; else one with only the cleaned text.
func (s secrets) cause(err error) error {
	if err == nil {
		return nil
	}
	safe := foreign.Guard(err)
	if text := s.clean(safe.Error()); text != safe.Error() {
		return errors.New(text)
	}
	return safe
}
