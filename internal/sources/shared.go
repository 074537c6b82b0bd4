package sources

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/internal/share/sealing"
)

// StoreKeyer is a source whose parameters tell with which processes it shares its
// credentials. Principal is the user's word for the base principal, or empty.
type StoreKeyer interface {
	StoreKey(ctx context.Context, r *sealing.Ring, principal string) (string, error)
}

// principal is who calls AssumeRole, once it is known.
type principal struct {
	parent func(ctx context.Context) (string, error) // the store key of the session that brings the base credentials
	known  atomic.Pointer[string]
}

// ChainedTo says that the base credentials are those of a session that shares; key gives
// the key of its record.
func (s *STS) ChainedTo(key func(ctx context.Context) (string, error)) { s.principal.parent = key }

// StoreKey implements [StoreKeyer].
func (s *STS) StoreKey(ctx context.Context, r *sealing.Ring, given string) (string, error) {
	who, err := s.who(ctx, given)
	if err != nil {
		return "", err
	}
	endpoint, err := s.endpoint(ctx)
	if err != nil {
		return "", err
	}
	role := s.role.input()
	of := sealing.STS{
		RoleARN: s.role.RoleARN, SessionName: aws.ToString(role.RoleSessionName), DurationS: int64(s.role.Duration / time.Second),
		ExternalID: s.role.ExternalID, SourceIdentity: s.role.SourceIdentity, Policy: s.role.Policy, PolicyARNs: s.role.PolicyARNs,
		TransitiveTagKeys: s.role.TransitiveTagKeys, SerialNumber: s.role.SerialNumber,
		MinimumTokenSize: int64(s.role.MinimumSessionTokenSize), Endpoint: endpoint, Region: s.client.Options().Region, Principal: who,
	}
	for key, value := range s.role.Tags {
		of.Tags = append(of.Tags, [2]string{key, value})
	}
	for _, c := range s.role.ProvidedContexts {
		of.ProvidedContexts = append(of.ProvidedContexts, [2]string{aws.ToString(c.ProviderArn), aws.ToString(c.ContextAssertion)})
	}
	return of.StoreKey(r)
}

// who is the base principal: the first that there is of those in docs/reference/sharing-stores.md.
func (s *STS) who(ctx context.Context, given string) (string, error) {
	switch {
	case given != "":
		return sealing.GivenPrincipal(given), nil
	case s.principal.parent != nil:
		key, err := s.principal.parent(ctx)
		return sealing.ParentPrincipal(key), err
	}
	if known := s.principal.known.Load(); known != nil {
		return *known, nil
	}
	base, err := s.base.Retrieve(ctx)
	if err != nil {
		return "", errPrincipal
	}
	found := sealing.KeyPrincipal(base.AccessKeyID)
	if base.SessionToken != "" {
		who, err := callers.of(ctx, Fingerprint(Credentials{AccessKeyID: base.AccessKeyID, SessionToken: base.SessionToken}),
			func(ctx context.Context) (string, error) { return s.caller(ctx, base) })
		if err != nil {
			return "", errPrincipal
		}
		found = sealing.CallerPrincipal(who)
	}
	s.principal.known.Store(&found)
	return found, nil
}

// caller asks STS whose the base credentials are.
func (s *STS) caller(ctx context.Context, base aws.Credentials) (string, error) {
	out, err := s.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return base, nil })
		o.APIOptions = append(o.APIOptions, LimitReplies, KeepReplies)
	})
	if err != nil {
		return "", err
	}
	if aws.ToString(out.Arn) == "" {
		return "", errPrincipal
	}
	return *out.Arn, nil
}

// errPrincipal has nothing of the error that it is made of, which may show a request.
var errPrincipal = errors.New("who calls AssumeRole cannot be found out")

// endpoint is the URL that the client calls, as the client itself makes it: a presigned
// call has it, and goes nowhere.
func (s *STS) endpoint(ctx context.Context) (string, error) {
	nobody := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
	})
	signed, err := sts.NewPresignClient(s.client).PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) { o.Credentials = nobody })
	})
	if err != nil {
		return "", fmt.Errorf("the endpoint of STS cannot be found out: %w", err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		return "", errors.New("the endpoint of STS is no URL")
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), nil
}

// StoreKey implements [StoreKeyer]. The certificate is its own principal.
func (i *IoT) StoreKey(_ context.Context, r *sealing.Ring, _ string) (string, error) {
	text, err := i.params.Certificate.read("Certificate")
	if err != nil {
		return "", err
	}
	mine, err := chain(text)
	if err != nil {
		return "", err
	}
	return sealing.IoT{
		Endpoint: i.host, RoleAlias: i.params.RoleAlias, ThingName: i.params.ThingName, PublicKey: mine.Leaf.RawSubjectPublicKeyInfo,
	}.StoreKey(r)
}
