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
	"github.com/evercreds/evercreds/internal/sources"
)

// Session keeps one set of temporary credentials fresh. It is an
// aws.CredentialsProvider, safe for concurrent use; put it into an aws.Config
// with [Session.Config]. Close it when it is no longer needed.
type Session struct {
	host *host.Host
	mu   sync.Mutex    // the host's, where the place of the machine has none
	done func()        // closes the source, where it is of our own making
	log  *queue[line]  // nil: nobody wants lines
	hook *queue[Event] // nil: nobody wants events

	method       core.Method
	clockDoubted atomic.Bool // that was told
	clients      *clientMaker
	identity     func() *sts.Client // made when it is first needed
	closeOnce    sync.Once
}

// newSession makes a session around a machine that has its options.
func newSession(config host.Config, given *settings, base aws.Config) *Session {
	if given.config != nil {
		base = *given.config
	}
	s := &Session{method: config.Method}
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

// Retrieve gives credentials for one request. It costs a clock reading, unless a
// refresh is due; it waits only in the mandatory window, and where there is nothing to
// be handed out, for the next attempt ([WithMaxWait]), if that can begin before ctx's
// deadline. The end of ctx frees this caller, and leaves the refresh to the others.
//
// Its errors are [*Error], or *aws.RequestCanceledError where ctx ended.
func (s *Session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if l := s.host.Leased(); l != nil {
		return l.Credentials, nil
	}
	return s.host.Credentials(ctx, core.Need{})
}

// Need says what a caller of [Session.Credentials] needs.
type Need func(*need)

type need struct {
	minTTL  time.Duration
	refused *aws.Credentials
}

// MinTTL asks for credentials with at least d left: from 0 to 36 hours.
func MinTTL(d time.Duration) Need { return func(n *need) { n.minTTL = d } }

// OtherThan asks for another set than the one that a service refused to this caller,
// who waits for it. All others go on with that set: [Session.Invalidate] is for them
// too. Where there is no other set to be had, the error tells why; a source that keeps
// bringing sets which are refused is asked at a bounded pace. Clients made from
// [Session.Config] report by themselves.
func OtherThan(refused aws.Credentials) Need { return func(n *need) { n.refused = &refused } }

// Credentials is Retrieve for a caller with needs of its own. Credentials that
// have less time left than MinTTL are refreshed first, and the caller waits.
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
		return aws.Credentials{}, err
	}
	if n.minTTL == 0 && n.refused == nil {
		return s.Retrieve(ctx)
	}
	if n.refused != nil {
		asked.Other, asked.Evidence = sources.FingerprintOf(n.refused.AccessKeyID, n.refused.SessionToken), core.EvidenceStrong
	}
	return s.host.Credentials(ctx, asked)
}

// Refresh fetches new credentials now, past every hold-off, or joins the refresh
// under way, and gives what it brought. If it fails, this caller gets the error,
// and everybody else goes on with what is held.
func (s *Session) Refresh(ctx context.Context) (aws.Credentials, error) {
	return s.host.Refresh(ctx)
}

// Invalidate gives these credentials up for all callers: the next one waits for new
// ones. It is ignored for a set that is not the one held. Clients made from
// [Session.Config] need no call of it: they report what a service refuses, each for
// itself, as [OtherThan] does.
func (s *Session) Invalidate(creds aws.Credentials) {
	_ = s.host.Invalidate(sources.FingerprintOf(creds.AccessKeyID, creds.SessionToken)) // the core refuses nothing
}

// String tells the phase.
func (s *Session) String() string {
	return "evercreds.Session(" + s.Status().Phase.String() + ")"
}

// Format prints String for every verb, so that no verb reaches the fields.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for log/slog.
func (s *Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Close ends the session: callers who wait get an [*Error] with CodeClosed, and
// so does every later caller. It cancels the refresh under way, waits until that
// has ended and the hook of [WithEvents] has had the last event, forgets the
// clients of [Client], and closes the idle connections of these and its own. A custom
// function that does not heed its context, and a hook that does not return, are left
// behind after a second.
func (s *Session) Close() {
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
			s.done()
		}
		s.clients.close()
	})
}
