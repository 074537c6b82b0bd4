package evercreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is the identity of a session's credentials, as STS reports it.
type Identity struct {
	Account string // 12 digits
	ARN     string // of the assumed role's session
	UserID  string // the role's ID and the session name, with a colon between
}

// Identity asks STS for the identity of the session's credentials: the assumed role, not
// the base credentials. Region and endpoint are those of [WithConfig]; options override
// them for this call. It returns the errors of GetCallerIdentity, among them those of
// [Session.Retrieve].
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
