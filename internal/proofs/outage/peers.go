package main

// botocore is RefreshableCredentials of botocore 1.x, as a session of boto3 has it
// for a role: from 15 minutes before the expiry the thread that comes first
// refreshes, and keeps what is held if that fails; from 10 minutes before it all
// threads wait in turn, each refreshes if the one before has failed, and a failure
// is the caller's error.
type botocore struct {
	*host
	sts     *retrier
	held    set
	has     bool
	locked  bool
	waiting []func()
}

const (
	botocoreAdvisory  = 15 * minute
	botocoreMandatory = 10 * minute
	botocoreTimeout   = minute // of a read; the other two SDKs have none
)

func newBotocore(h *host, seed uint64) library {
	return &botocore{host: h, sts: newRetrier(sdkTries, botocoreTimeout, seed)}
}

func (b *botocore) needed(within int64) bool {
	return !b.has || epoch+b.held.expiry-b.wall() < within
}

func (b *botocore) ask(got func(set, bool)) {
	switch {
	case !b.needed(botocoreAdvisory):
		got(b.held, true)
	case !b.locked:
		b.locked = true
		b.refresh(b.needed(botocoreMandatory), got)
	case b.needed(botocoreMandatory):
		b.waiting = append(b.waiting, func() {
			if !b.needed(botocoreMandatory) {
				b.release()
				got(b.held, true)
				return
			}
			b.refresh(true, got)
		})
	default:
		got(b.held, true)
	}
}

func (b *botocore) refresh(mandatory bool, got func(set, bool)) {
	b.sts.call(b.service, sdkTries, func(c set, why failure) {
		if why == 0 {
			b.held, b.has = c, true
		}
		b.release()
		// What was refreshed and has ended all the same is an error too.
		got(b.held, b.has && (why == 0 && !b.needed(0) || why != 0 && !mandatory))
	})
}

// release hands the lock to whoever has waited longest.
func (b *botocore) release() {
	if b.locked = len(b.waiting) > 0; b.locked {
		next := b.waiting[0]
		b.waiting = b.waiting[1:]
		next()
	}
}

func (*botocore) refused(set, func(set, bool)) bool { return false }

// cached is a cache that refreshes with so much time left, has all callers wait for
// the one refresh under way, and gives them its error. So are aws.CredentialsCache of
// the AWS SDK for Go v2, with nothing left, and memoizeIdentityProvider of the SDK
// for JavaScript v3, with five minutes.
type cached struct {
	*host
	sts     *retrier
	within  int64
	held    set
	has     bool
	waiting []func(set, bool)
}

const (
	goWindow = 0
	jsWindow = 5 * minute
)

func newCached(h *host, within int64, seed uint64) library {
	return &cached{host: h, within: within, sts: newRetrier(sdkTries, 0, seed)}
}

func (c *cached) ask(got func(set, bool)) {
	left := epoch + c.held.expiry - c.wall()
	if c.has && (left >= c.within && c.within > 0 || left > 0 && c.within == 0) {
		got(c.held, true)
		return
	}
	c.waiting = append(c.waiting, got)
	if len(c.waiting) > 1 {
		return
	}
	c.sts.call(c.service, sdkTries, func(fresh set, why failure) {
		if why == 0 {
			c.held, c.has = fresh, true
		}
		waiting := c.waiting
		c.waiting = nil
		for _, got := range waiting {
			got(c.held, why == 0)
		}
	})
}

func (*cached) refused(set, func(set, bool)) bool { return false }
