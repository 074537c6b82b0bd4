//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"fmt"
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

// Five hundred callers at once in each kind of trouble, and what the stand-in
// counted. Virtual time tells the rest (failure_test.go); here the requests are
// real.

// crowd has 500 callers ask at once, and gives how often each answer came: the
// access key, or the error's code and class.
func crowd(t *testing.T, s *evercreds.Session) map[string]int {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	answers := map[string]int{}
	gate := make(chan struct{})
	for range 500 {
		all.Go(func() {
			<-gate
			c, err := s.Retrieve(t.Context())
			answer := c.AccessKeyID
			if e := (*evercreds.Error)(nil); errors.As(err, &e) {
				answer = fmt.Sprintf("%v, %v", e.Code, e.Class)
			} else if err != nil {
				answer = err.Error()
			}
			mu.Lock()
			answers[answer]++
			mu.Unlock()
		})
	}
	close(gate)
	all.Wait()
	return answers
}

// wantOne checks that all got this one answer; "" stands for one set.
func wantOne(t *testing.T, answers map[string]int, want string) {
	t.Helper()
	for answer := range answers {
		if len(answers) != 1 || want != "" && answer != want || want == "" && len(answer) != 20 {
			t.Errorf("got %v, want one answer %q", answers, want)
			return
		}
	}
}

func attempts(s *awstest.Server) int { return s.Counts().Roles[roleARN].Attempts }

func TestCrowdAtAFirstCallAndAtAnExpiry(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, time.Hour)
	inject(t, standIn, awstest.Fault{Kind: awstest.KindLatency, Action: awstest.ActionAssumeRole, LatencyMs: 200})
	var clock turned
	s := newSTS(t, cfg, clock.option())
	seen := map[string]bool{}
	for round := 1; round <= 3; round++ {
		answers := crowd(t, s)
		wantOne(t, answers, "")
		for key := range answers {
			seen[key] = true
		}
		if attempts(standIn) != round || len(seen) != round {
			t.Fatalf("round %d: %d calls, sets %v", round, attempts(standIn), seen)
		}
		clock.on(s.Status().Remaining + 20*time.Millisecond) // nobody asks: it expires
		if p := s.Status().Phase; p != evercreds.PhaseExpired {
			t.Errorf("phase %v", p)
		}
	}
}

// One call, with the SDK's own retries off, and one error for all; and when it has
// failed again a caller meets a hold-off, not the source.
func TestCrowdAtAFailingSource(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	inject(t, standIn, awstest.Fault{Kind: awstest.KindHTTP, Status: 503, Action: awstest.ActionAssumeRole, LatencyMs: 1000})
	s := newSTS(t, cfg, toTheLetter()...)
	for round := 1; round <= 2; round++ { // the first failure has no hold-off
		wantOne(t, crowd(t, s), "the source of the credentials failed, recoverable")
		if n := attempts(standIn); n != round {
			t.Fatalf("round %d: %d calls", round, n)
		}
	}
	e := (*evercreds.Error)(nil)
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &e) || attempts(standIn) > 3 {
		t.Errorf("%v, %d calls", err, attempts(standIn))
	}
	standIn.ClearFaults()
	time.Sleep(time.Until(e.RetryAt) + 10*time.Millisecond)
	wantOne(t, crowd(t, s), "")
}

func TestCrowdAtAHungSource(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	inject(t, standIn, awstest.Fault{Kind: awstest.KindHang, Action: awstest.ActionAssumeRole, Count: 1})
	s := newSTS(t, cfg, toTheLetter(evercreds.WithRefreshTimeout(1500*time.Millisecond))...)
	begun := time.Now()
	wantOne(t, crowd(t, s), "the source did not answer within the refresh timeout, recoverable")
	if d := time.Since(begun); d < 1500*time.Millisecond || d > time.Minute {
		t.Errorf("the last caller was freed after %v", d)
	}
	if n := attempts(standIn); n != 1 {
		t.Errorf("%d calls", n)
	}
	wantOne(t, crowd(t, s), "") // well again
	if n := attempts(standIn); n != 2 {
		t.Errorf("%d calls", n)
	}
}

// An expired reply is refused, and the held set stays.
func TestCrowdAtAnExpiredReply(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 30*time.Second)
	s := newSTS(t, cfg, toTheLetter(evercreds.WithAdvisoryTimeout(2*time.Second), evercreds.WithMandatoryTimeout(0))...)
	expired := awstest.Fault{Kind: awstest.KindExpired, Action: awstest.ActionAssumeRole, LatencyMs: 500}
	inject(t, standIn, expired)
	wantOne(t, crowd(t, s), "the source returned credentials that had already expired, recoverable")
	standIn.ClearFaults()
	wantOne(t, crowd(t, s), "")
	held, _ := s.Retrieve(t.Context())
	inject(t, standIn, expired)
	var e *evercreds.Error
	if _, err := s.Refresh(t.Context()); !errors.As(err, &e) || e.Code != evercreds.CodeExpiredReply {
		t.Errorf("forced: %v", err)
	}
	wantOne(t, crowd(t, s), held.AccessKeyID)
	if n := attempts(standIn); n != 3 {
		t.Errorf("%d calls", n)
	}
	if _, err := sts.NewFromConfig(s.Config(cfg)).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("what is held does not sign: %v", err)
	}
}

// The host's wall clock is set an hour ahead, and then two hours back. Signed calls
// still succeed; each step costs one fetch at most, and no set is served past the
// server's end of it.
func TestCrowdAtClockSteps(t *testing.T) {
	t.Parallel()
	const lifetime = 4 * time.Second
	standIn, cfg := startStandIn(t, lifetime)
	begun, step := time.Now(), atomic.Int64{}
	s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN}, evercreds.At(func() core.Now {
		now := time.Now()
		return core.Now{Wall: now.UnixMilli() + step.Load(), Elapsed: now.Sub(begun).Milliseconds()}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client := sts.NewFromConfig(s.Config(cfg))
	call := func() {
		t.Helper()
		if _, err := client.GetCallerIdentity(context.Background(), nil); err != nil {
			t.Errorf("signed call: %v", err)
		}
	}
	crowd(t, s)
	call()
	for _, to := range []time.Duration{time.Hour, -time.Hour} {
		before := attempts(standIn)
		step.Store(to.Milliseconds())
		wantOne(t, crowd(t, s), "")
		call()
		if n := attempts(standIn) - before; n > 1 {
			t.Errorf("a step to %v cost %d fetches", to, n)
		}
		time.Sleep(lifetime + 20*time.Millisecond) // past the end of what is held
		wantOne(t, crowd(t, s), "")
		call()
	}
	if role := standIn.Counts().Roles[roleARN]; role.Failures != 0 || role.Attempts > 5 || role.ConcurrentMax != 1 {
		t.Errorf("AssumeRole: %+v", role.Tally)
	}
	if own := standIn.Counts().Actions[awstest.ActionGetCallerIdentity]; own.Failures != 0 || own.Successes != 5 {
		t.Errorf("GetCallerIdentity: %+v", own)
	}
}
