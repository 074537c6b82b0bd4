// Package evercreds keeps temporary AWS credentials fresh.
//
// A [Session] is an aws.CredentialsProvider for the AWS SDK for Go v2. It
// fetches credentials by assuming a role ([NewSTS]), with a device certificate
// ([NewIoT]) or with a function of your own ([NewCustom]), and refreshes them
// before they expire:
//
//	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: arn})
//	...
//	defer session.Close()
//	client := s3.NewFromConfig(session.Config(cfg))
//
// Do not give the session to config.WithCredentialsProvider: that wraps it in a cache which
// keeps credentials until they expire. Where the SDK's loader must know the session, give
// it the form for caches:
//
//	cfg, err := config.LoadDefaultConfig(ctx,
//		config.WithCredentialsProvider(session.Uncached()), // not: session
//		config.WithAPIOptions(session.APIOptions()))
//
// While more than the advisory window is left (15 minutes by default), a request
// costs one reading of the clock. Within that window one refresh runs in the
// background: nobody waits, and a failure is nobody's error. Within the mandatory
// window (10 minutes by default) callers wait for the one refresh under way and share
// its outcome. The session calls a failing source at a bounded pace, however many
// callers there are. A caller that cannot be served waits for the next attempt, at most
// [WithMaxWait].
//
// If a service rejects a set for one client, the session signs that client's call with
// another set and sends it once more; all other clients keep the held set.
// [Session.Invalidate] gives a set up for everybody.
//
// The session looks at two clocks: the wall clock, corrected by the server's, and the
// monotonic one. A set ends when either says so.
//
// [Client] returns a client of any service. The session caches it, and returns the same
// one for equal options. [WithEvents] and [WithLogger] report what happens.
//
// The context of a call ends the wait of that caller only. Refreshes have contexts of
// their own, bounded by [WithRefreshTimeout].
package evercreds
