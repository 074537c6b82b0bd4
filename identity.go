package evercreds

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/hostfuncs"
)

// Identity is whom the session's credentials speak for.
type Identity struct {
	Account string // 12 digits
	ARN     string
	UserID  string
}

// identityClient is the session's own STS client, made when it is first needed.
type identityClient struct {
	mu     sync.Mutex
	client *sts.Client
	idle   func() // closes its idle connections
	closed bool
}

// Identity asks STS whom the session's credentials speak for: the assumed role,
// not the base identity. Region and endpoint are those of the config given to
// [NewSTS], or the region of the IoT endpoint; a custom session has none, and
// needs them as options.
func (s *Session) Identity(ctx context.Context, options ...func(*sts.Options)) (Identity, error) {
	defer s.callers.done()
	out, err := s.callers.get(s).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, options...)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}, nil
}

// WhoAmI is [Session.Identity], under its other name.
func (s *Session) WhoAmI(ctx context.Context, options ...func(*sts.Options)) (Identity, error) {
	return s.Identity(ctx, options...)
}

func (c *identityClient) get(s *Session) *sts.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		cfg := s.Config(s.base)
		cfg.HTTPClient, c.idle = hostfuncs.OwnClient(cfg.HTTPClient)
		c.client = sts.NewFromConfig(cfg)
	}
	return c.client
}

// done ends one call. The last to end after close leaves no connection behind:
// each call that begins makes the pool keep connections again.
func (c *identityClient) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && c.idle != nil {
		c.idle()
	}
}

func (c *identityClient) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.done()
}
