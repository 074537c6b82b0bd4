//go:build go1.25

package evercreds_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
)

// These tests make real signed calls to the stand-in on loopback, with sets that
// last for seconds.

const roleARN = "arn:aws:iam::210987654321:role/reader"

func startStandIn(t *testing.T, lifetime time.Duration) (*awstest.Server, aws.Config) {
	t.Helper()
	s, err := awstest.Start(awstest.Config{Lifetime: lifetime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, aws.Config{
		Region:       awstest.DefaultRegion,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil }),
	}
}

func newSTS(t *testing.T, cfg aws.Config, opts ...evercreds.Option) *evercreds.Session {
	t.Helper()
	s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// turned is a session's clock that a test turns on: what takes minutes is there at once, and
// as long as a crowd asks, however slow the machine is, next to no time passes.
type turned struct{ by atomic.Int64 }

func (c *turned) option() evercreds.Option {
	begun := time.Now()
	return evercreds.At(func() core.Now {
		now := time.Now().Add(time.Duration(c.by.Load()))
		return core.Now{Wall: now.UnixMilli(), Elapsed: now.Sub(begun).Milliseconds()}
	})
}

func (c *turned) on(d time.Duration) { c.by.Add(int64(d)) }

func inject(t *testing.T, s *awstest.Server, f awstest.Fault) {
	t.Helper()
	if err := s.Inject(f); err != nil {
		t.Fatal(err)
	}
}

// callFor makes signed calls until the time is over, and gives how many there
// were and the longest that a caller waited for credentials.
func callFor(t *testing.T, s *evercreds.Session, cfg aws.Config, callers int, span time.Duration) (calls int, longest time.Duration) {
	t.Helper()
	client := sts.NewFromConfig(s.Config(cfg))
	var mu sync.Mutex
	var all sync.WaitGroup
	end := time.Now().Add(span)
	for range callers {
		all.Go(func() {
			for time.Now().Before(end) {
				start := time.Now()
				_, err := s.Retrieve(t.Context())
				waited := time.Since(start)
				if err != nil {
					t.Errorf("no credentials: %v", err)
					return
				}
				if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
					t.Errorf("signed call: %v", err)
					return
				}
				mu.Lock()
				calls, longest = calls+1, max(longest, waited)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	all.Wait()
	return calls, longest
}

// The session refreshes over many short lifetimes; no call fails, and the source is
// asked once for each set.
func TestSignedCallsOverManyLifetimes(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 4*time.Second)
	s := newSTS(t, cfg)
	calls := 0
	for end := time.Now().Add(time.Minute); standIn.Counts().Roles[roleARN].Successes < 4 && time.Now().Before(end); {
		n, _ := callFor(t, s, cfg, 3, time.Second)
		calls += n
	}
	counts := standIn.Counts()
	role := counts.Roles[roleARN]
	if role.Successes < 4 || role.Failures != 0 || role.ConcurrentMax != 1 || len(role.Issued) != role.Attempts {
		t.Errorf("AssumeRole: %+v", role.Tally)
	}
	if own := counts.Actions[awstest.ActionGetCallerIdentity]; own.Successes != calls || own.Failures != 0 {
		t.Errorf("%d calls, counted %+v", calls, own)
	}
	if st := s.Status(); int(st.Installs) != role.Successes {
		t.Errorf("%d sets installed of %d issued", st.Installs, role.Successes)
	}
}

func TestOneAssumeRoleForTwoHundredCallers(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, time.Hour)
	inject(t, standIn, awstest.Fault{Kind: awstest.KindLatency, Action: awstest.ActionAssumeRole, LatencyMs: 100})
	var clock turned
	s := newSTS(t, cfg, clock.option())
	for round := 1; round <= 4; round++ {
		keys := sync.Map{}
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				c, err := s.Retrieve(t.Context())
				if err != nil {
					t.Error(err)
				}
				keys.Store(c.AccessKeyID, true)
			})
		}
		all.Wait()
		n := 0
		keys.Range(func(any, any) bool { n++; return true })
		if got := standIn.Counts().Roles[roleARN].Attempts; got != round || n != 1 {
			t.Fatalf("round %d: %d calls, %d different sets among 200 callers", round, got, n)
		}
		st := s.Status()
		clock.on(st.Remaining - st.MandatoryTimeout + 50*time.Millisecond)
	}
}

// In an outage within the advisory window no caller waits and no call fails.
func TestAdvisoryOutageOnSignedCalls(t *testing.T) {
	standIn, cfg := startStandIn(t, 12*time.Second)
	const latency = 3 * time.Second // far more than a busy machine keeps a goroutine from running
	s := newSTS(t, cfg, evercreds.WithAdvisoryTimeout(9*time.Second), evercreds.WithMandatoryTimeout(time.Second))
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	inject(t, standIn, awstest.Fault{
		Kind: awstest.KindHTTP, Action: awstest.ActionAssumeRole, LatencyMs: latency.Milliseconds(), UntilMs: 7000,
	})
	calls, longest := callFor(t, s, cfg, 20, 7500*time.Millisecond)
	role := standIn.Counts().Roles[roleARN]
	if role.Failures == 0 {
		t.Fatal("the outage was not met")
	}
	if longest >= latency/2 {
		t.Errorf("a caller waited %v, with %v of latency injected", longest, latency)
	}
	t.Logf("%d calls, longest wait %v, AssumeRole %+v", calls, longest, role.Tally)
}

func TestIoTSession(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 2*time.Second)
	s, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:    "c1234567890abc-ats.iot.us-east-1.amazonaws.com", // a data endpoint: rewritten
		RoleAlias:   awstest.DefaultAlias,
		ThingName:   awstest.DefaultThing,
		Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile),
		PrivateKey:  evercreds.PEMFile(standIn.ClientEC.KeyFile),
		CA:          evercreds.PEMBytes(standIn.CAPEM),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(standIn.TLSURL, "https://"))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	callFor(t, s, cfg, 2, 3*time.Second)
	if alias := standIn.Counts().Aliases[awstest.DefaultAlias]; alias.Successes < 2 || alias.Failures != 0 {
		t.Errorf("credentials provider: %+v", alias.Tally)
	}
	who, err := s.Identity(t.Context(), func(o *sts.Options) { o.BaseEndpoint = aws.String(standIn.URL) })
	if err != nil || !strings.Contains(who.ARN, "assumed-role/stand-in-device") {
		t.Errorf("got %+v, %v", who, err)
	}
}

func TestIdentityIsTheAssumedRole(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	who, err := s.Identity(t.Context())
	if err != nil || who.Account != "210987654321" || !strings.HasPrefix(who.ARN, "arn:aws:sts::210987654321:assumed-role/reader/evercreds") {
		t.Errorf("got %+v, %v", who, err)
	}
	c, err := s.Retrieve(t.Context())
	if err != nil || c.AccountID != who.Account {
		t.Errorf("the set is of account %q, %v", c.AccountID, err)
	}
}

// A role that assumes a role, each session refreshed by itself.
func TestChainedRoles(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	parent := newSTS(t, cfg)
	child, err := evercreds.NewSTS(parent.Config(cfg), evercreds.AssumeRole{RoleARN: standIn.RoleARN})
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	who, err := child.Identity(t.Context())
	if err != nil || !strings.Contains(who.ARN, ":assumed-role/stand-in/") {
		t.Errorf("got %+v, %v", who, err)
	}
	roles := standIn.Counts().Roles
	if roles[roleARN].Successes != 1 || roles[standIn.RoleARN].Successes != 1 {
		t.Errorf("got %+v", roles)
	}
}
