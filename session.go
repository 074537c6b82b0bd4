package evercreds

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/share/group"
	"github.com/evercreds/evercreds/internal/sources"
)

// Session keeps one set of temporary credentials fresh. It is an
// aws.CredentialsProvider and safe for concurrent use. [Session.Config] puts it into an
// aws.Config. The caller closes it.
type Session struct {
	host *host.Host
	mu   sync.Mutex    // the host's, where the place of the machine has none
	done func() error  // closes the source; nil: there is nothing to close
	log  *queue[line]  // nil: nobody wants lines
	hook *queue[Event] // nil: nobody wants events

	method       core.Method
	group        *group.Group // nil: the session does not share
	clockDoubted atomic.Bool  // that was told
	inCache      atomic.Bool  // that was told
	presigned    atomic.Bool  // that one outlives its credentials was told
	clients      *clientMaker
	identity     func() *sts.Client // made when it is first needed
	closeOnce    sync.Once
}

// newSession makes a session around a machine that has its options.
func newSession(config host.Config, given *settings, base aws.Config) *Session {
	if given.config != nil {
		base = *given.config
	}
	s := &Session{method: config.Method, group: given.share.group}
	if config.Lock == nil {
		config.Lock = &s.mu
	}
	s.openLog(given.log, &config)
	s.openHook(given.hook, &config)
	s.host = host.New(config)
	s.clients = newClientMaker(func() aws.Config { return s.Config(base) })
	s.identity = sync.OnceValue(func() *sts.Client {
		return sts.NewFromConfig(*s.clients.configured(), func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions, sources.LimitReplies, sources.KeepReplies)
		})
	})
	return s
}

// Retrieve returns credentials for one request. It costs one reading of the clock,
// unless a refresh is due. It waits for a refresh in the mandatory window only. If it
// cannot serve anything, it waits for the next attempt, at most [WithMaxWait] and only if
// the attempt can begin before ctx's deadline. The end of ctx ends this wait; the refresh
// goes on for other callers. A nil ctx never ends.
//
// It returns an [*Error] if there are no credentials, and an *aws.RequestCanceledError if
// ctx ends first.
func (s *Session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if l := s.host.Leased(); l != nil {
		return l.Credentials, nil
	}
	s.lookForCache(ctx)
	return s.host.Credentials(ctx, core.Need{})
}

// retrieve is Retrieve for callers that are no cache.
func (s *Session) retrieve(ctx context.Context) (aws.Credentials, error) {
	if l := s.host.Leased(); l != nil {
		return l.Credentials, nil
	}
	return s.host.Credentials(ctx, core.Need{})
}

// Need is what a caller of [Session.Credentials] asks for: [MinTTL] or [OtherThan].
type Need func(*need)

type need struct {
	minTTL  time.Duration
	refused *aws.Credentials
}

// MinTTL asks for credentials with at least d left, from 0 to 36 hours: no credentials of
// AWS's that expire are issued for longer (GetSessionToken: 36 hours). A fraction of a
// millisecond counts as a whole one. Default: 0.
func MinTTL(d time.Duration) Need { return func(n *need) { n.minTTL = d } }

// OtherThan asks for another set than the one that a service rejected for this caller,
// who waits for it. All other callers keep that set; [Session.Invalidate] gives it up for
// all. If every new set is rejected too, the session asks the source at a bounded pace.
// Clients made from [Session.Config] do this by themselves.
func OtherThan(refused aws.Credentials) Need { return func(n *need) { n.refused = &refused } }

// Credentials is [Session.Retrieve] for a caller with needs of its own. If the held
// credentials do not meet them, the caller waits for a refresh.
//
// Besides the errors of Retrieve, it returns a [*ParameterError] if a need is nil or out of
// bounds. [ErrMinTTL] matches if the new credentials do not last long enough.
func (s *Session) Credentials(ctx context.Context, needs ...Need) (aws.Credentials, error) {
	var n need
	for _, set := range needs {
		if set == nil {
			return aws.Credentials{}, &ParameterError{Parameter: "needs", Expected: "must not contain nil"}
		}
		set(&n)
	}
	asked, err := host.NeedOf(n.minTTL)
	if err != nil {
		return aws.Credentials{}, ownError(err)
	}
	if n.minTTL == 0 && n.refused == nil {
		return s.retrieve(ctx)
	}
	if n.refused != nil {
		asked.Other, asked.Evidence = sources.FingerprintOf(n.refused.AccessKeyID, n.refused.SessionToken), core.EvidenceStrong
	}
	return s.host.Credentials(ctx, asked)
}

// Refresh fetches new credentials now, past every hold-off, and returns them. If a
// refresh is under way, it joins that. If the refresh fails, this caller gets the error, and
// all others keep the held credentials. Its errors are those of [Session.Retrieve].
func (s *Session) Refresh(ctx context.Context) (aws.Credentials, error) {
	return s.host.Refresh(ctx)
}

// Invalidate gives these credentials up for all callers: the next caller waits for new
// ones. It does nothing if the session does not hold them. Clients made from
// [Session.Config] do not need it: each reports what a service rejects, as [OtherThan]
// does.
func (s *Session) Invalidate(creds aws.Credentials) {
	_ = s.host.Invalidate(sources.FingerprintOf(creds.AccessKeyID, creds.SessionToken)) // the core refuses nothing
}

// String returns "evercreds.Session(PHASE)".
func (s *Session) String() string {
	return "evercreds.Session(" + s.Status().Phase.String() + ")"
}

// Format prints String for every verb, so that none shows a secret.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns String, so that log/slog shows no secret.
func (s *Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Close ends the session. Callers that wait, and all later ones, get [ErrClosed]. Close
// cancels the refresh under way, waits until it has ended and the hook of [WithEvents]
// has had the last event, forgets the clients of [Client], and closes the idle
// connections that only this session uses. It closes the source of [New], if that has a
// method Close() error, and returns that method's error. It waits a second at most for a
// source or a hook that does not return. Closing again does nothing, and returns nil.
func (s *Session) Close() (err error) {
	s.closeOnce.Do(func() {
		_ = s.host.Close() // the core refuses nothing
		host.Grace(func() {
			s.host.Ended()
			if s.hook != nil {
				<-s.hook.idle()
			}
			if s.log != nil {
				<-s.log.idle()
			}
		})
		if s.done != nil {
			err = s.done()
		}
		s.clients.close()
	})
	return err
}
