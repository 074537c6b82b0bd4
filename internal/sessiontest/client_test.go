package sessiontest

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// Many goroutines ask for the client for each call, over several lifetimes: it is
// one client, and no call fails.
func TestCachedS3ClientOverManyLifetimes(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{Lifetime: 4 * time.Second})
	s := assume(t, standIn, cfg)
	first := buckets(t, s, pathStyle)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for end := time.Now().Add(time.Minute); s.Status().Installs < 3 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				c, err := evercreds.Client(s, s3.NewFromConfig, pathStyle)
				if err != nil || c != first {
					t.Errorf("another client, %v", err)
					return
				}
				if _, err := c.ListBuckets(t.Context(), nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	counts := standIn.Counts()
	role, list := counts.Roles[standIn.RoleARN], counts.Actions[awstest.ActionListBuckets]
	if role.Successes < 3 || role.Failures != 0 || role.ConcurrentMax != 1 || list.Failures != 0 {
		t.Errorf("AssumeRole %+v, ListBuckets %+v", role.Tally, list)
	}
	if stats := s.Cache(evercreds.LRU).Stats(); stats.Misses != 1 || stats.Size != 1 || stats.Hits < int64(list.Successes) {
		t.Errorf("%+v", stats)
	}
}

// Three hundred calls meet one rejected set: each is signed and sent once more, at
// once and not by the SDK's retries, whose budget is a hundred; and one set more is
// fetched.
func TestRejectionOfThreeHundredCalls(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	s := assume(t, standIn, cfg)
	c := buckets(t, s)
	if _, err := c.ListBuckets(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	// all are under way before the first is answered
	slow := awstest.Fault{Kind: awstest.KindLatency, Action: awstest.ActionListBuckets, LatencyMs: 1000}
	if err := standIn.Inject(slow); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			if _, err := c.ListBuckets(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if st := s.Status(); st.Rejections != 1 || st.Installs != 2 {
		t.Errorf("%+v", st)
	}
	if n := standIn.Counts().Roles[standIn.RoleARN].Attempts; n != 2 {
		t.Errorf("AssumeRole was called %d times", n)
	}
}

// S3's options have more in them than those of other services.
func TestS3OptionsThatAreEqual(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	s := assume(t, standIn, cfg)
	plain := buckets(t, s)
	style := buckets(t, s, func(o *s3.Options) { o.UsePathStyle = true })
	for name, want := range map[*s3.Client]struct {
		same bool
		opt  func(*s3.Options)
	}{
		plain: {true, func(o *s3.Options) { o.UsePathStyle = false; o.BaseEndpoint = aws.String(standIn.URL) }},
		style: {true, func(o *s3.Options) { o.UsePathStyle = true; o.UseAccelerate = false }},
		buckets(t, s, func(o *s3.Options) { o.UseARNRegion = true }): {false, pathStyle},
	} {
		if (buckets(t, s, want.opt) == name) != want.same {
			t.Errorf("want the same: %v", want.same)
		}
	}
	if _, err := style.ListBuckets(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
