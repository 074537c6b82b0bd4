package main

import "math/rand/v2"

// retrier is one client of an SDK: it makes a failed call again by AWS's Retry
// Behavior 2.1, the default of all its SDKs since November 2026.
type retrier struct {
	tries   int   // of a call, the first one among them
	timeout int64 // of a try; 0: none
	tokens  int   // that retries may take
	rng     *rand.Rand
}

// The numbers of Retry Behavior 2.1, as in botocore/retries/standard.py of botocore
// 1.44.
const (
	sdkTries        = 3
	transientBase   = 50
	throttlingBase  = second
	longestPause    = 20 * second
	retryTokens     = 500
	transientCost   = 14
	throttlingCost  = 5
	untriedIncrease = 1
)

func newRetrier(tries int, timeout int64, seed uint64) *retrier {
	return &retrier{tries: tries, timeout: timeout, tokens: retryTokens, rng: rand.New(rand.NewPCG(seed, 21))}
}

// call is one call of AssumeRole, with at most so many of its tries.
func (r *retrier) call(s *service, most int, done func(set, failure)) {
	taken := 0
	var try func(n int)
	try = func(n int) {
		s.assumeRole(r.timeout, func(got set, why failure) {
			if why == 0 {
				r.tokens = min(retryTokens, r.tokens+max(taken, untriedIncrease))
				done(got, 0)
				return
			}
			base, cost := int64(transientBase), transientCost
			if why == throttled {
				base, cost = throttlingBase, throttlingCost
			}
			if n >= min(most, r.tries) || r.tokens < cost {
				done(set{}, why)
				return
			}
			r.tokens -= cost
			taken = cost
			pause := r.rng.Float64() * float64(min(base<<(n-1), longestPause))
			s.After(int64(pause), func() { try(n + 1) })
		})
	}
	try(1)
}
