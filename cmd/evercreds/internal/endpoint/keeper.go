package endpoint

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// LeastLife is the least that is left of a set when it is handed out, by the end that its
// client is told. All SDKs ask anew for each call while a set is near its end, and sign with
// whatever they get: the time is theirs, to sign with it and to reach the service. A second
// of it goes to AWS's SDK for Java, which uses a set that it got within its own window for a
// second more (CachedSupplier.handleFetchedSuccess, StaleValueBehavior.STRICT); by IMDS it
// would use one that ends within a second for 1 to 10 minutes.
const LeastLife = 2 * time.Second

// Lasting has a session find a set with LeastLife left, after its end was rounded down to a
// second.
const Lasting = LeastLife + time.Second

// keeper is a session whose callers never wait while a set is good. In the mandatory
// window the session has its callers wait for a refresh; a client of ours would give up.
type keeper struct {
	session Session
	now     func() time.Time
	last    atomic.Pointer[aws.Credentials]
}

// Session is what a keeper needs of a session.
type Session interface {
	Held
	Credentials(ctx context.Context, needs ...evercreds.Need) (aws.Credentials, error)
}

// Keep wraps a session. It must not be one whose credentials are given up before their end.
func Keep(session Session) Held { return &keeper{session: session, now: time.Now} }

// over is a context that has ended: it asks, starts what is due, and does not wait.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Retrieve returns what the session serves at once, else the last set that it served, and
// only where neither lasts waits for one that does.
func (k *keeper) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := k.session.Retrieve(over)
	if err != nil || !lasts(creds, k.now()) {
		if last := k.last.Load(); last != nil && lasts(*last, k.now()) {
			return *last, nil
		}
		// The session has a set to its very end, which is too late for a client. Where this
		// fails there is none: never one that ends while it is on its way.
		if creds, err = k.session.Credentials(ctx, evercreds.MinTTL(Lasting)); err != nil {
			return aws.Credentials{}, err
		}
	}
	if last := k.last.Load(); last == nil || last.AccessKeyID != creds.AccessKeyID || !last.Expires.Equal(creds.Expires) {
		k.last.Store(&creds)
	}
	return creds, nil
}

// lasts reports whether LeastLife is left, by the whole second that a client is told.
func lasts(creds aws.Credentials, now time.Time) bool {
	return !creds.CanExpire || creds.Expires.Truncate(time.Second).Sub(now) >= LeastLife
}
