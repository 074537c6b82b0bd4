package evercreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is whom the session's credentials speak for.
type Identity struct {
	Account string // 12 digits
	ARN     string
	UserID  string
}

// Identity asks STS whom the session's credentials speak for: the assumed role,
// not the base identity. Region and endpoint are those of the session's config;
// see [WithConfig].
func (s *Session) Identity(ctx context.Context, options ...func(*sts.Options)) (Identity, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	out, err := s.identity().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, options...)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}, nil
}
