//go:build go1.25

package evercreds_test

import (
	"context"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// caller A asks who the session is; STS answers with megabytes: A gets an error.
func TestIdentityReadsNoEndlessReply(t *testing.T) {
	s, cfg := startStandIn(t, time.Hour)
	session := newSTS(t, cfg, evercreds.WithConfig(cfg))
	if _, err := session.Identity(context.Background()); err != nil {
		t.Fatal(err)
	}
	inject(t, s, awstest.Fault{Action: "GetCallerIdentity", Kind: awstest.KindOversized, SizeBytes: 8 << 20})
	if id, err := session.Identity(context.Background()); err == nil {
		t.Errorf("got %+v of a reply of 8 MB", id)
	}
}
