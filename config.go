package evercreds

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config gives a copy of base whose clients sign with the session's credentials,
// and which tell the session when a service rejects them (ExpiredToken and its
// kin, never AccessDenied): the call is then signed with new ones and sent once
// more, at once, unless its body is a stream that cannot be read again.
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
