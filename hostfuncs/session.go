package hostfuncs

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// Session keeps the credentials of one source fresh. It is an aws.CredentialsProvider,
// safe for concurrent use.
type Session struct {
	host   *host.Host
	handle *handle
}

// Format prints no field, whatever the verb: the sets are among them.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "hostfuncs.Session") }

// Close answers all waiters and ends the session. Flights under way are cancelled,
// and waited for, a second at most. The source is the caller's to close.
func (s *Session) Close() error {
	err := s.host.Close()
	host.Grace(s.host.Ended)
	return err
}

// Status tells one number of the session's state; see docs/ABI.md. Of a session that is
// closed it tells what was so then.
func (s *Session) Status(field core.Field) (value int64, err error) {
	s.host.Look(func(m host.Machine, now core.Now) { value, err = m.Status(field, now) })
	return value, err
}

// Invalidate gives this set up for all callers. What a service refused to one of them
// is that one's affair: see [Session.CredentialsOtherThan].
func (s *Session) Invalidate(creds aws.Credentials) error {
	return s.host.Invalidate(sources.FingerprintOf(creds.AccessKeyID, creds.SessionToken))
}

// Retrieve gives credentials for one use: from the lease for the price of a clock
// reading, else by asking the machine, and waiting for a flight where it says so. The
// end of ctx frees this caller alone. An error is an *evercreds.Error where the machine
// refused, an *aws.RequestCanceledError where ctx ended, and of this package otherwise.
func (s *Session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if l := s.host.Leased(); l != nil {
		return l.Credentials, nil
	}
	return s.host.Credentials(ctx, core.Need{})
}

// CredentialsFor is Retrieve for a caller who needs them for at least minTTL, from 0 to
// 36 hours: a set with less time left is replaced first. Fractions of a millisecond
// count as a whole.
func (s *Session) CredentialsFor(ctx context.Context, minTTL time.Duration) (aws.Credentials, error) {
	need, err := host.NeedOf(minTTL)
	if err != nil {
		return aws.Credentials{}, err
	}
	return s.host.Credentials(ctx, need)
}

// CredentialsOtherThan is Retrieve for a caller to whom a service refused a set, and
// who is to sign once more with another one. How surely it was refused, core.EvidenceOf
// tells. Other callers go on with what is held. Where there is no other set to be had,
// the service's own error is what to show, and this error is why.
func (s *Session) CredentialsOtherThan(ctx context.Context, refused aws.Credentials, evidence core.Evidence) (aws.Credentials, error) {
	return s.host.Credentials(ctx, core.Need{Other: sources.FingerprintOf(refused.AccessKeyID, refused.SessionToken), Evidence: evidence})
}

// Refresh fetches new credentials now, or joins the flight under way, and gives what
// it brought. If it fails, this caller gets the error, and everybody else goes on.
func (s *Session) Refresh(ctx context.Context) (aws.Credentials, error) { return s.host.Refresh(ctx) }
