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
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/millis"
)

// Session keeps one set of temporary credentials fresh. It is an
// aws.CredentialsProvider, safe for concurrent use; put it into an aws.Config
// with [Session.Config]. Close it when it is no longer needed.
type Session struct {
	lease atomic.Pointer[lease] // what may be handed out without asking
	now   func() core.Now

	source   Source
	method   core.Method
	attended bool          // a refresh prompts a person
	done     func()        // closes the source, where it is of our own making
	log      *queue[line]  // nil: nobody wants lines
	hook     *queue[Event] // nil: nobody wants events

	mu       sync.Mutex // guards all below
	machine  *core.Session
	epoch    int64
	sets     map[int64]hostfuncs.Credentials // by the ticket that brought them
	flights  map[int64]*flight               // until they have reported
	failures []failure                       // of the last flights
	timer    *time.Timer
	wakeAt   int64
	changed  chan struct{} // closed when the epoch rises: who waits without a flight asks again

	running      sync.WaitGroup // flights
	clockDoubted atomic.Bool    // that was told
	clients      *clientMaker
	identity     func() *sts.Client // made when it is first needed
	closeOnce    sync.Once
}

// lease is a set that may be handed out until either clock says otherwise.
type lease struct {
	creds        aws.Credentials
	set          int64
	untilElapsed int64
	untilWall    int64
}

func (l *lease) valid(now core.Now) bool {
	return now.Elapsed < l.untilElapsed && now.Wall < l.untilWall
}

// failure is why a flight brought nothing.
type failure struct {
	ticket int64
	err    error
}

func newSession(clock func() core.Now, source Source, base aws.Config, given *settings) *Session {
	if given.config != nil {
		base = *given.config
	}
	s := &Session{
		now: clock, source: source,
		machine: core.New(), wakeAt: core.Never, changed: make(chan struct{}),
		sets: map[int64]hostfuncs.Credentials{}, flights: map[int64]*flight{},
	}
	s.openLog(given.log)
	s.openHook(given.hook)
	s.clients = newClientMaker(func() aws.Config { return s.Config(base) })
	s.identity = sync.OnceValue(func() *sts.Client {
		return sts.NewFromConfig(*s.clients.configured(), func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions, hostfuncs.LimitReplies)
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
	if l := s.lease.Load(); l != nil && l.valid(s.now()) {
		return l.creds, nil
	}
	return s.ask(ctx, core.Need{})
}

// Need says what a caller of [Session.Credentials] needs.
type Need func(*need)

type need struct {
	minTTL  time.Duration
	refused *aws.Credentials
}

// MinTTL asks for credentials with at least d left; d must not be negative.
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
			return aws.Credentials{}, &ParameterError{Parameter: "needs", Expected: "must not hold nil"}
		}
		set(&n)
	}
	if n.minTTL < 0 {
		return aws.Credentials{}, &ParameterError{Parameter: "MinTTL", Expected: "must not be negative"}
	}
	if n.minTTL == 0 && n.refused == nil {
		return s.Retrieve(ctx)
	}
	asked := core.Need{MinTTL: millis.Of(n.minTTL)}
	if n.refused != nil {
		asked.Other, asked.Evidence = hostfuncs.FingerprintOf(n.refused.AccessKeyID, n.refused.SessionToken), core.EvidenceStrong
	}
	return s.ask(ctx, asked)
}

// Refresh fetches new credentials now, past every hold-off, or joins the refresh
// under way, and gives what it brought. If it fails, this caller gets the error,
// and everybody else goes on with what is held.
func (s *Session) Refresh(ctx context.Context) (aws.Credentials, error) {
	r, _ := s.event(func(now core.Now) (core.Decision, error) { return s.machine.Force(now), nil })
	return s.follow(ctx, r, core.Need{}, true)
}

// Invalidate gives these credentials up for all callers: the next one waits for new
// ones. It is ignored for a set that is not the one held. Clients made from
// [Session.Config] need no call of it: they report what a service refuses, each for
// itself, as [OtherThan] does.
func (s *Session) Invalidate(creds aws.Credentials) {
	print := hostfuncs.FingerprintOf(creds.AccessKeyID, creds.SessionToken)
	_, _ = s.event(func(now core.Now) (core.Decision, error) { return s.machine.Invalidate(print, now), nil })
}

// String tells the phase.
func (s *Session) String() string {
	return "evercreds.Session(" + s.Status().Phase.String() + ")"
}

// Format prints String for every verb, so that no verb reaches the fields.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for log/slog.
func (s *Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// closeGrace is how long Close waits for functions of the user's: a source that
// does not heed its context, a slow hook. All other sources end at once.
const closeGrace = time.Second

// Close ends the session: callers who wait get an [*Error] with CodeClosed, and
// so does every later caller. It cancels the refresh under way, waits until that
// has ended and the hook of [WithEvents] has had the last event, forgets the
// clients of [Client], and closes the idle connections of these and its own. A custom function that does not heed its context, and a hook that
// does not return, are left behind after a second.
func (s *Session) Close() {
	s.closeOnce.Do(func() {
		_, _ = s.event(func(now core.Now) (core.Decision, error) {
			d := s.machine.Close()
			if s.hook != nil {
				s.tellAt(now, Event{Kind: EventClose})
				s.hook.stop()
			}
			return d, nil
		})
		s.forget()
		ended := make(chan struct{})
		go func() {
			s.running.Wait()
			if s.hook != nil {
				<-s.hook.idle()
			}
			if s.log != nil {
				<-s.log.idle()
			}
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(closeGrace):
		}
		if s.done != nil {
			s.done()
		}
		s.clients.close()
	})
}

// forget lets go of the secrets. The attempt under way was cancelled by the
// machine's answer to Close, and those given up when they were.
func (s *Session) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sets)
	s.lease.Store(nil)
}
