package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// keeper is a session whose callers never wait while a set is good. In the mandatory
// window the session has its callers wait for a refresh; a client of ours would give up.
type keeper struct {
	session Session
	last    atomic.Pointer[aws.Credentials]
}

// Session is what a keeper needs of a session.
type Session interface {
	Held
	Credentials(ctx context.Context, needs ...evercreds.Need) (aws.Credentials, error)
}

// Keep wraps a session. It must not be one whose credentials are given up before their end.
func Keep(session Session) Held { return &keeper{session: session} }

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
	if err == nil && !isAlive(creds, time.Now()) {
		// The session has it to its very end, and a client is told of whole seconds: what
		// is left is of no use to it.
		if creds, err = k.session.Credentials(ctx, evercreds.MinTTL(time.Second)); err != nil {
			return aws.Credentials{}, err
		}
	}
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
