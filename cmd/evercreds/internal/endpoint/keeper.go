package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// keeper is a session whose callers never wait while a set is good. In the mandatory
// window the session has its callers wait for a refresh; a client of ours would give up.
type keeper struct {
	session Held
	last    atomic.Pointer[aws.Credentials]
}

// Keep wraps a session. It must not be one whose credentials are given up before their end.
func Keep(session Held) Held { return &keeper{session: session} }

// over is a context that has ended: it asks, starts what is due, and does not wait.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Retrieve returns what the session serves at once, else the last set that it served and
// that has not expired, and only without either waits.
func (k *keeper) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := k.session.Retrieve(over)
	if err != nil {
		if last := k.last.Load(); last != nil && isAlive(*last, time.Now()) {
			return *last, nil
		}
		if creds, err = k.session.Retrieve(ctx); err != nil {
			return aws.Credentials{}, err
		}
	}
	if last := k.last.Load(); last == nil || last.AccessKeyID != creds.AccessKeyID || !last.Expires.Equal(creds.Expires) {
		k.last.Store(&creds)
	}
	return creds, nil
}

// isAlive goes by the whole second that a client is told.
func isAlive(creds aws.Credentials, now time.Time) bool {
	return !creds.CanExpire || creds.Expires.Truncate(time.Second).After(now)
}
