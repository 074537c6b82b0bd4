package evercreds

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config returns a copy of base whose clients sign with the session's credentials. If a
// service rejects them (ExpiredToken and the like, never AccessDenied), the client reports
// that to the session: the call waits for other credentials, and goes out once more with
// them, unless its body is a stream that cannot be read again. If there are no others, the
// call fails with the service's own error, in which errors.As finds the session's. All
// other callers keep the held credentials, so a client with a fault of its own, or an
// endpoint that rejects every token, harms nobody else.
//
// Load base without config.WithCredentialsProvider: that option wraps the provider in an
// aws.CredentialsCache, which keeps credentials until they expire. With this config the
// SDK's clients ask the session for each request. For programs that must use that option
// there is [Session.Uncached].
func (s *Session) Config(base aws.Config) aws.Config {
	cfg := base.Copy()
	cfg.Credentials = s
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.watch)
	return cfg
}
