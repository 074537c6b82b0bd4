package evercreds

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config gives a copy of base whose clients sign with the session's credentials,
// and which report to the session when a service refuses them (ExpiredToken and its
// kin, never AccessDenied): the call waits for other ones, is signed with them and
// sent once more, unless its body is a stream that cannot be read again. Where there
// are no other ones it fails with the service's own error, which the session's is
// the cause of for errors.As. Other callers go on with what is held meanwhile, so a
// client with a fault of its own, or an endpoint that refuses every token, is
// nobody else's trouble.
//
// The clients of the SDK ask the provider in aws.Config.Credentials for each
// request, without a cache of their own. config.LoadDefaultConfig, though, wraps
// what config.WithCredentialsProvider gives it in an aws.CredentialsCache, which
// keeps a set until it expires; load the config without it and pass the result
// here.
func (s *Session) Config(base aws.Config) aws.Config {
	cfg := base.Copy()
	cfg.Credentials = s
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.watch)
	return cfg
}
